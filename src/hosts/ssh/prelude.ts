/** The functions that every script of changes begins with: POSIX sh, as dash, bash and busybox have it. */
import { quoted } from "./quote.ts";

const functions = String.raw`
refuse() { printf 'kctl\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >&2; exit 90; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
kind() {
  if [ -L "$1" ]; then echo 'a symbolic link'; elif [ -d "$1" ]; then echo 'a folder'; elif [ -f "$1" ]; then echo 'a file'
  elif [ -p "$1" ]; then echo 'a named pipe'; elif [ -S "$1" ]; then echo 'a socket'; else echo 'a device'; fi
}
trusted() { [ -O "$1" ] || [ "$(stat -c %U "$1")" = "$service" ]; }
into() {
  [ -d "./$1" ] && [ ! -L "./$1" ] || refuse way "$at/$1" "$(kind "./$1")" 'a folder'
  trusted "./$1" || refuse owner "$at/$1" "$(stat -c %U "./$1")"
  cd -P "./$1" || exit 1
  at=\${at%/}/$1
  [ "$PWD" = "$at" ] || refuse way "$at" 'a symbolic link' 'a folder'
}
enter() {
  cd -P "$1" 2>/dev/null || return 1
  at=$PWD; shift
  for each do there "./$each" || return 1; into "$each"; done
}
enter_making() {
  cd -P "$1" || exit 1
  at=$PWD; shift
  for each do
    there "./$each" || (umask 022 && mkdir "./$each") || there "./$each" || exit 1
    into "$each"
  done
}
must_be_file() { ! there "./$1" || { [ -f "./$1" ] && [ ! -L "./$1" ]; } || refuse way "$at/$1" "$(kind "./$1")" 'a file'; }
abandon() { rm -f "$new"; exit 1; }
sha256() { set -- $(sha256sum <"$1"); echo "$1"; }
flush() { sync "$1" 2>/dev/null || sync; }
rename() {
  mv -fT "$1" "$2" 2>/dev/null && return
  [ ! -d "$2" ] || [ -L "$2" ] || refuse way "$at/$2" 'a folder' 'a file'
  mv -f "$1" "$2"
}
birth_of() {
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -r boot </proc/sys/kernel/random/boot_id || return 1
  set -- \${stat##*") "}
  # Its first thread is over; others may be left, with its files and ports.
  case $1 in X | '') return 1 ;; Z) [ "\${18}" -gt 1 ] || return 1 ;; esac
  echo "$boot \${20}"
}
going_down() {
  [ "$(systemctl is-system-running 2>/dev/null)" != stopping ] || return 0
  case $(cat /proc/1/comm 2>/dev/null) in systemd-shutdow | shutdown) return 0 ;; esac
  return 1
}
`.replaceAll("\\$", "$");

/** @param service the servers' user, whom folders may belong to as well */
export function prelude(service: string): string {
  return [
    "unset CDPATH IFS; export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `umask 077; service=${quoted(service)}`,
    functions.trim(),
  ].join("\n");
}
