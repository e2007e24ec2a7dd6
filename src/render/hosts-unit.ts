/** The unit that puts the block of /etc/hosts back at boot, for images whose cloud-init writes that file anew. */
import type { HostsBlock } from "../services/desired.ts";
import { blockLines } from "./hosts-block.ts";

/** The block as it is kept on the machine, to be put back from. */
export function hostsLines(block: HostsBlock): string {
  return blockLines(block)
    .map((line) => `${line}\n`)
    .join("");
}

/** `folder` holds `hosts` and `restore-hosts`. */
export function hostsUnit(cluster: string, folder: string): string {
  return `# Written by kctl.
[Unit]
Description=Names of the nodes of the Kafka cluster ${cluster} in /etc/hosts
# cloud-init may write that file at boot.
After=local-fs.target cloud-init-local.service cloud-init.service
Before=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${folder}/restore-hosts

[Install]
WantedBy=multi-user.target
`;
}

/** POSIX sh, run as root at boot: changes nothing where the block is there as it should be. */
export function restoreHosts(cluster: string, folder: string): string {
  return `#!/bin/sh
# Written by kctl: puts the names of ${cluster} on top of /etc/hosts where they are missing or differ.
set -eu
umask 022
block=${folder}/hosts
now=$(sed -n '/^# >>> kctl ${cluster}$/,/^# <<< kctl ${cluster}$/p' /etc/hosts 2>/dev/null || true)
[ "$now" != "$(cat "$block")" ] || exit 0
command -v flock >/dev/null && exec 9>/run/kctl-hosts.lock && flock 9
new=$(mktemp /etc/.hosts.kctl-XXXXXX)
trap 'rm -f "$new"' EXIT
[ ! -f /etc/hosts ] || cp -p /etc/hosts "$new"
{
  cat "$block"
  [ ! -f /etc/hosts ] || sed '/^# >>> kctl ${cluster}$/,/^# <<< kctl ${cluster}$/d' /etc/hosts
} >"$new.text"
cat "$new.text" >"$new"
rm -f "$new.text"
[ -f /etc/hosts ] || chmod 644 "$new"
mv -f "$new" /etc/hosts
`;
}
