/** Formats a data volume once, mounts it by its unit, grows its file system, and unmounts it: each looks again, under the lock, before it acts. */
import { KctlError } from "../../fault.ts";
import type { DesiredVolume } from "../../services/desired.ts";
import { nothing, type Operation, type Verdict } from "./operation.ts";
import { quoted } from "./quote.ts";
import { volumeFunctions, volumeWords } from "./volume-functions.ts";

export type VolumeWork = "await" | "format" | "mount" | "grow";

/** How long udev may take to see what has become of a disk. */
const noticeSeconds = 20;

/** Exit statuses of its scripts' own. */
const missing = 81;
const changed = 82;
const hiding = 83;
const noLink = 84;
const wrongMount = 85;
const busy = 86;
const tooSmall = 87;

export type VolumeOptions = { readonly timeoutSeconds: number; readonly onWait: (what: string) => void };

export function workOnVolume(work: VolumeWork, volume: DesiredVolume, options: VolumeOptions): Operation {
  const { id } = volume;
  const doing = { await: "find", format: "format", mount: "mount", grow: "grow the file system of" }[work];
  const patience = `patience=${Math.ceil(options.timeoutSeconds)}`;
  return {
    doing: `${doing} the data volume ${id}`,
    about: id,
    lines: [volumeFunctions, patience, linesOf(work, volume)].join("\n"),
    read: nothing,
    heard: (chunk) => {
      for (const line of chunk.split("\n"))
        if (line.startsWith("waiting ")) options.onWait(line.slice("waiting ".length).trim());
    },
    failed: (verdict, node) =>
      verdict.code === missing
        ? missingFault(volume, work === "await" ? options.timeoutSeconds : 0, node)
        : faultOf(volume, options.timeoutSeconds, verdict, node),
  };
}

function linesOf(work: VolumeWork, volume: DesiredVolume): string {
  const words = volumeWords(volume);
  const found = `find_volume ${words} || exit ${missing}`;
  switch (work) {
    case "await":
      return `
turn=0
until find_volume ${words}; do
  [ "$turn" -lt $((patience * 2)) ] || exit ${missing}
  [ $((turn % 20)) -ne 0 ] || echo 'waiting it is not attached yet'
  sleep 0.5; turn=$((turn + 1))
done`.trim();
    case "format":
      return `
${found}
is=$(content_of ${quoted(volume.uuid)})
case $is in own) exit 0 ;; blank) ;; *) echo "$dev" >&2; exit ${changed} ;; esac
[ -z "$(mounts_at ${quoted(volume.mountPoint)})" ] || { echo "$dev" >&2; exit ${changed}; }
mkfs.xfs -q -m uuid=${quoted(volume.uuid)} ${labelOf(volume)}"$dev" >&2 || exit 1
[ "$(content_of ${quoted(volume.uuid)})" = own ]`.trim();
    case "mount":
      return `${found}\n${mountLines(volume)}`;
    case "grow":
      return `
${found}
turn=0
while [ $(($(cat "/sys/dev/block/$number/size") * 512)) -lt ${volume.sizeBytes} ]; do
  [ "$turn" -lt $((patience * 2)) ] || { echo "$dev" >&2; exit ${tooSmall}; }
  [ $((turn % 20)) -ne 0 ] || echo 'waiting the disk has its former size still'
  sleep 0.5; turn=$((turn + 1))
done
case $nl$(mounts_at ${quoted(volume.mountPoint)}) in *"$nl"its"$tab"${quoted(volume.mountPoint)}"$tab"*) ;; *) exit ${wrongMount} ;; esac
xfs_growfs -d ${quoted(volume.mountPoint)} >/dev/null`.trim();
  }
}

/** As people see it in lsblk: the cluster's name, where XFS has the room for it. */
function labelOf({ mountPoint }: DesiredVolume): string {
  const name = mountPoint.slice(mountPoint.lastIndexOf("/") + 1);
  return name.length <= 12 && /^[\w.-]+$/.test(name) ? `-L ${quoted(name)} ` : "";
}

function mountLines({ uuid, mountPoint, unit }: DesiredVolume): string {
  const [place, name, link] = [mountPoint, unit, `/dev/disk/by-uuid/${uuid}`].map(quoted);
  return `
in_place() { case $nl$(mounts_at ${place}) in *"$nl"its"$tab"${place}"$tab"*) return 0 ;; esac; return 1; }
if in_place; then exit 0; fi
[ -z "$(mounts_at ${place})" ] || { mounts_at ${place} >&2; exit ${wrongMount}; }
[ "$(content_of ${quoted(uuid)})" = own ] || { echo "$dev" >&2; exit ${changed}; }
hidden=$(files_below ${place})
[ -z "$hidden" ] || { printf '%s\\n' "$hidden" >&2; exit ${hiding}; }
linked() { [ "$(readlink -f ${link})" = "$dev" ]; }
turn=0
until linked; do
  [ "$turn" -lt ${noticeSeconds * 5} ] || { echo "$dev" >&2; exit ${noLink}; }
  [ "$turn" -ne 10 ] || ! command -v udevadm >/dev/null || udevadm trigger --action=change "$dev" 2>/dev/null
  sleep 0.2; turn=$((turn + 1))
done
[ "$(systemctl show -p NeedDaemonReload --value ${name})" != yes ] && [ "$(systemctl show -p LoadState --value ${name})" = loaded ] ||
  systemctl daemon-reload || exit 1
systemctl reset-failed ${name} 2>/dev/null
systemctl start ${name} || {
  journalctl --no-pager -q -o cat -n 5 "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value ${name})" >&2
  exit 1
}
in_place || { mounts_at ${place} >&2; exit ${wrongMount}; }`.trim();
}

/** Its unit is not there, or nothing is mounted: fine. */
export function unmountVolume({ unit, mountPoint }: Pick<DesiredVolume, "unit" | "mountPoint">): Operation {
  const [name, place] = [unit, mountPoint].map(quoted);
  return {
    doing: `unmount ${mountPoint}`,
    about: mountPoint,
    lines: `
mounted() { awk -v place=${place} '$5 == place { found = 1 } END { exit !found }' /proc/self/mountinfo; }
if [ "$(systemctl show -p LoadState --value ${name})" != not-found ]; then
  systemctl stop ${name} || ! mounted || exit ${busy}
  systemctl reset-failed ${name} 2>/dev/null
fi
! mounted || exit ${busy}`.trim(),
    read: nothing,
    uses: "units",
    failed: ({ code, stderr }, node) =>
      code === busy
        ? new KctlError({
            code: "host-io",
            node,
            where: mountPoint,
            what: `${mountPoint} cannot be unmounted: something on ${node} still uses it`,
            fix: `end it: \`fuser -vm ${mountPoint}\` on the host shows what (a shell in it counts as well); then run the same command again`,
            ...(stderr.trim() === "" ? {} : { detail: stderr.trim() }),
          })
        : null,
  };
}

const again = "then run the same command again: it goes on from here";

function missingFault({ id }: DesiredVolume, waited: number, node: string): KctlError {
  return new KctlError({
    code: "volume-missing",
    node,
    where: id,
    what: `the data volume ${id} is not there on ${node}${waited === 0 ? "" : `, and did not come within ${waited} s`}`,
    fix: `see whether it is attached to this instance; on the host, \`lsblk -o NAME,SERIAL\` shows disks by their ids; ${again}`,
  });
}

function faultOf(volume: DesiredVolume, seconds: number, { code, stderr }: Verdict, node: string): KctlError | null {
  const { id, mountPoint, uuid } = volume;
  const said = stderr.trim();
  const device = said.split("\n")[0] ?? "";
  const fault = (of: "volume-conflict" | "timeout", what: string, fix: string): KctlError =>
    new KctlError({ code: of, node, where: id, what, fix });
  switch (code) {
    case changed:
      return fault(
        "volume-conflict",
        `the data volume ${id} (${device}) is no longer what it was when it was looked at; it was left as it is`,
        `see what is on it: \`blkid -p ${device}\`, \`findmnt ${device}\`; ${again}`,
      );
    case hiding:
      return fault(
        "volume-conflict",
        `there are files in ${mountPoint} on the machine's own disk, which the data volume ${id} would hide: ${said.replaceAll("\n", ", ")}`,
        `move them away, ${again}`,
      );
    case noLink:
      return fault(
        "volume-conflict",
        `/dev/disk/by-uuid/${uuid} does not lead to ${device}, the data volume ${id}`,
        `see whether udev works (\`udevadm info ${device}\`), and whether another disk is a copy of this one (\`lsblk -o NAME,UUID\`): detach it; ${again}`,
      );
    case wrongMount:
      return fault(
        "volume-conflict",
        `at ${mountPoint} the data volume ${id} is not mounted${said === "" ? "" : `, but ${said.replaceAll("\t", " ")}`}`,
        `see \`findmnt ${mountPoint}\`, \`umount\` what is in its place; ${again}`,
      );
    case tooSmall:
      return fault(
        "timeout",
        `the data volume ${id} (${device}) did not grow within ${seconds} s: ${node} sees its former size`,
        `EC2 may still be at it (\`aws ec2 describe-volumes-modifications --volume-ids ${id}\`); ${again}`,
      );
    default:
      return null;
  }
}
