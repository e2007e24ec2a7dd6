/** Functions of scripts that find a data volume on a machine, and tell what is on it: POSIX sh, and they change nothing. */
import type { DesiredVolume } from "../../services/desired.ts";
import { quoted } from "./quote.ts";

/**
 * `find_volume SERIAL LINK UUID`: sets `dev`, and `number` as mountinfo has it. A name like /dev/xvdf proves nothing: what is called
 * so is this volume only where it has its file system.
 * `content_of`: of `dev`: `blank`, `own`, `torn` (nothing known, and yet not zeros), else what blkid says in base64; `unknown` where it cannot.
 * `mounts_at PLACE`: a line `its` or `other`, point, type and source for each mount of it, and each at that place.
 */
export const volumeFunctions = String.raw`
nl='
'
tab=$(printf '\t')
is_disk() { [ -b "$1" ] && dev=$(readlink -f "$1"); }
find_volume() {
  dev= number=
  is_disk "$2" || by_serial "$1" || by_uuid "$3" || { dev=; return 1; }
  set -- $(stat -L -c '%t %T' "$dev")
  number=$((0x$1)):$((0x$2))
}
by_serial() {
  for each in /sys/block/nvme*/device/serial; do
    [ -r "$each" ] && read -r serial <"$each" && [ "$serial" = "$1" ] || continue
    each=\${each%/device/serial}
    ! is_disk "/dev/\${each##*/}" || return 0
  done
  return 1
}
by_uuid() {
  for each in /dev/xvdf /dev/sdf; do
    [ -b "$each" ] && [ "$(blkid -p -s UUID -o value "$each" 2>/dev/null)" = "$1" ] && is_disk "$each" && return
  done
  return 1
}
zeros() { [ "$(head -c 1048576 "$dev" | sha256sum)" = "$(head -c 1048576 /dev/zero | sha256sum)" ]; }
content_of() {
  known=$(blkid -p -o export "$dev" 2>/dev/null)
  case $? in
    0) case "$nl$known$nl" in
        *"$nl"TYPE=xfs"$nl"*) case "$nl$known$nl" in *"$nl"UUID="$1$nl"*) echo own; return ;; esac ;;
      esac
      printf '%s\n' "$known" | base64 ;;
    2) if zeros; then echo blank; else echo torn; fi ;;
    8) echo several ;;
    *) echo unknown ;;
  esac
}
mounts_at() {
  awk -v number="$number" -v place="$1" '$3 == number || $5 == place {
    for (i = 7; i < NF && $i != "-"; i++);
    print ($3 == number && $4 == "/" ? "its" : "other") "\t" $5 "\t" $(i + 1) "\t" $(i + 2)
  }' /proc/self/mountinfo
}
files_below() { [ ! -d "$1" ] || find "$1" ! -type d 2>/dev/null | head -n 3; }
# Of what statfs tells, the log of an XFS is left out; its length stands in the superblock, for good.
filesystem_size() {
  set -- $(stat -f -c '%S %b' "$1") $(od -A n -v -t u1 -N 100 "$dev")
  size=$1 blocks=$2; shift 2
  shift 48
  inside=$(($1 | $2 | $3 | $4 | $5 | $6 | $7 | $8))
  shift 48
  [ "$inside" -eq 0 ] || blocks=$((blocks + ((($1 * 256 + $2) * 256 + $3) * 256 + $4)))
  echo "$((blocks * size))"
}
look_at_volume() {
  if find_volume "$1" "$2" "$3"; then
    bytes=$(($(cat "/sys/dev/block/$number/size") * 512))
    printf 'volume\t%s\t%s\n%s\n' "$dev" "$bytes" "$(content_of "$3")"
  fi
  mounts=$(mounts_at "$4")
  [ -z "$mounts" ] || printf '%s\n' "$mounts" | while read -r line; do printf 'mount\t%s\n' "$line"; done
  case $nl$mounts in
    *"$nl"its"$tab$4$tab"*) printf 'mounted\t%s\n' "$(filesystem_size "$4")" ;;
    *"$tab$4$tab"*) ;;
    *) printf 'hides\t\n'; files_below "$4" | base64 ;;
  esac
}
`
  .trim()
  .replaceAll("\\$", "$");

/** The arguments of `look_at_volume`, of which `find_volume` takes the first three. */
export function volumeWords({ id, device, uuid, mountPoint }: DesiredVolume): string {
  return [id.replace("-", ""), device, uuid, mountPoint].map(quoted).join(" ");
}
