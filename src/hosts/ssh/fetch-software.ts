/** The part of a script by which a host fetches an archive itself: https stays https, and no redirect leads inside. */
import { quoted } from "./quote.ts";

/**
 * `fetch_from URL`: 0 once the part is all there. A redirect is looked at before it is followed. Under 50 KB/s for 10 s the
 * source is given up. curl, else wget, which cannot tell where it would be led: then no redirect is followed.
 */
const functions = String.raw`
led_astray() {
  case $2 in https://*) ;; http://*) case $1 in https:*) return 0 ;; esac ;; *) return 0 ;; esac
  host=\${2#*://}; host=\${host%%[/?#]*}; host=\${host##*@}
  case $host in \[*) return 0 ;; esac
  inside "\${host%:*}" || return 1
  # A mirror of this very machine may lead to itself.
  case $1 in http://127.*) case $host in 127.*) return 1 ;; esac ;; esac
}
inside() {
  case $1 in
    169.254.* | 127.* | 0* | localhost | *.localhost | metadata | metadata.*) return 0 ;;
    *[!0-9.]*) return 1 ;; # a name
    *.*.*.*) return 1 ;;
  esac
}
last_line() { printf '%s' "$1" | tail -n 1; }
by_curl() {
  url=$1 left=5
  while :; do
    answer=$(curl -sS -o /dev/null -r 0-0 --max-filesize 65536 --connect-timeout 5 --max-time 15 \
      -w '%{http_code} %{remote_ip} %{redirect_url}' -- "$url" 2>/dev/null)
    case $answer in *' 169.254.'*) why='it leads to an address of the machine itself'; return 1 ;; esac
    case $answer in
      2*) break ;;
      3*) next=\${answer#* * }
        ! led_astray "$url" "$next" || { why="its redirect to $next is not followed"; return 1; }
        url=$next left=$((left - 1)); [ "$left" -gt 0 ] || { why='too many redirects'; return 1; } ;;
      000*) why='no answer'; return 1 ;;
      *) why="HTTP \${answer%% *}"; return 1 ;;
    esac
  done
  why=$(curl -sS -f -o "$part" -C - --max-filesize "$bytes" --connect-timeout 5 --max-time 900 --speed-limit 51200 --speed-time 10 -- "$url" 2>&1)
}
by_wget() {
  last=$(size)
  wget -q -c -O "$part" --max-redirect=0 --tries=1 --timeout=10 -- "$1" 2>/dev/null & job=$!
  turn=0
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.2; turn=$((turn + 1))
    [ $((turn % 50)) -eq 0 ] || continue
    now=$(size)
    [ $((now - last)) -ge 512000 ] && last=$now && continue
    kill "$job"; wait "$job"; why='it is too slow'; return 1
  done
  wait "$job" || { why='wget could not fetch it'; return 1; }
}
fetch_from() {
  if command -v curl >/dev/null; then by_curl "$1"; elif command -v wget >/dev/null; then by_wget "$1"
  else why='the host has neither curl nor wget'; return 1; fi || { why=\${why:-curl failed}; return 1; }
  [ "$(size)" -eq "$bytes" ] || { why="it has $(size) bytes instead of $bytes"; rm -f "$part"; return 1; }
  unpack_part || { why='its sha512 is another one'; return 1; }
}
`
  .trim()
  .replaceAll("\\$", "$");

export function fetchLines(urls: readonly string[]): readonly string[] {
  if (urls.length === 0) return [];
  return [
    functions,
    ...urls.map((url) => {
      const word = quoted(url);
      return `if fetch_from ${word}; then printf 'fetched %s\\n' ${word}; exit 0; else printf 'failed %s: %s\\n' ${word} "$(last_line "$why")"; fi`;
    }),
  ];
}
