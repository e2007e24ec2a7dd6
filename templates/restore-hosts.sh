#!/bin/sh
# Written by kctl: puts the names of <%= it.cluster %> back on top of /etc/hosts where they are missing or differ:
# cloud-init may have written that file anew. Every line that is not kctl's stays as it is.
set -eu
LC_ALL=C
export LC_ALL
umask 022
hosts=${1:-/etc/hosts}
block=<%= it.folder %>/hosts
[ -s "$block" ]

# Another cluster's may run at the same moment.
if command -v flock >/dev/null; then
  exec 9>"${2:-/run/kctl-hosts.lock}"
  flock 9
fi

new=$(mktemp "${hosts%/*}/.hosts.kctl-XXXXXX")
trap 'rm -f "$new" "$new.text"' EXIT
if [ -f "$hosts" ]; then
  cp -p "$hosts" "$new"
else
  printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' >"$new"
  chmod 644 "$new"
fi
# awk forgets whether the last line had an end.
[ -z "$(tail -c 1 "$new")" ] && ended=1 || ended=0

awk -v cluster=<%= it.cluster %> -v ended="$ended" -v block="$block" '
  function bare(text) { sub(/\r$/, "", text); return text }
  # The last line of the block that begins at `from`; -1 where another begins before it ends.
  function end_of(from, lines, count,  name, at, text) {
    name = substr(bare(lines[from]), 12)
    for (at = from + 1; at < count; at++) {
      text = bare(lines[at])
      if (text == "# <<< kctl " name) return at
      if (index(text, "# >>> kctl ") == 1) return -1
    }
    return -1
  }
  { all[total++] = $0 }
  END {
    count = 0
    for (at = 0; at < total; at++) {
      text = bare(all[at])
      last = text == "# >>> kctl " cluster ? end_of(at, all, total) : -1
      if (last >= 0) at = last
      else if (text != "# >>> kctl " cluster && text != "# <<< kctl " cluster) {
        open[count] = at == total - 1 && !ended
        rest[count++] = all[at]
      }
    }
    place = 0
    while (place < count && index(bare(rest[place]), "# >>> kctl ") == 1) {
      if (substr(bare(rest[place]), 12) "" >= cluster "") break
      last = end_of(place, rest, count)
      if (last < 0 || open[last]) break
      place = last + 1
    }
    for (at = 0; at < place; at++) print rest[at]
    while ((getline line <block) > 0) print line
    for (at = place; at < count; at++) printf "%s%s", rest[at], open[at] ? "" : "\n"
  }
' "$new" >"$new.text"

if [ -f "$hosts" ] && [ "$(cksum <"$hosts")" = "$(cksum <"$new.text")" ]; then exit 0; fi
cat "$new.text" >"$new"
mv -f "$new" "$hosts"
if command -v restorecon >/dev/null; then restorecon "$hosts" || :; fi
