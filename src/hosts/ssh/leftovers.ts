/** What transfers that were cut off have left on a host: seen by the look, and removed as the plan says. */
import { leaseSeconds } from "./lock.ts";
import { nothing, type Operation } from "./operation.ts";
import { quoted } from "./quote.ts";
import { endAllSharing, sharesOf } from "./share.ts";
import { incomingFolder } from "./unpack-software.ts";

/**
 * `leftovers`: the names, a line each. Nothing is left over while another cluster's kctl is at work on the host, nor what a process has
 * open or is named after: a machine that boots fetches by itself. This cluster's own kctl is the one that asks.
 */
export function leftoverLines(cluster: string): readonly string[] {
  const sockets = `/run/systemd/system/${sharesOf(cluster)}.socket`;
  return [
    "nl='\n'",
    "leftovers() {",
    `  for each in ${sockets}; do [ ! -e "$each" ] || printf '%s\\n' "\${each##*/}"; done`,
    "  for each in /var/lib/kctl/.locks/*; do",
    `    [ "$each" != ${quoted(`/var/lib/kctl/.locks/${cluster}`)} ] && age=$(stat -c %Y "$each" 2>/dev/null) || continue`,
    `    [ $(($(date +%s) - age)) -gt ${leaseSeconds} ] || return 0`,
    "  done",
    `  open=$(ls -l /proc/[0-9]*/fd 2>/dev/null | grep -F -e '-> ${incomingFolder}/')$nl`,
    `  for each in ${incomingFolder}/*; do`,
    '    [ -e "$each" ] || [ -L "$each" ] || continue',
    '    case $open in *" -> $each$nl"*) continue ;; esac',
    "    pid=${each##*.}",
    '    case $pid in *[!0-9]*) ;; *) [ ! -d "/proc/$pid" ] || continue ;; esac',
    `    printf '%s\\n' "\${each##*/}"`,
    "  done",
    "}",
    `any_left() { for each in ${incomingFolder}/* ${sockets}; do [ ! -e "$each" ] && [ ! -L "$each" ] || return 0; done; return 1; }`,
  ];
}

/** @param names those that go; null: all */
export function removeLeftovers(cluster: string, names: readonly string[] | null): Operation {
  const ending = endAllSharing(cluster).lines;
  const those = names === null ? "*" : names.map(quoted).join(" | ");
  return {
    doing: "remove what a transfer that was cut off left",
    about: incomingFolder,
    lines: [
      ...leftoverLines(cluster),
      "any_left || exit 0",
      "left=$(leftovers)",
      `(\n${ending}\n) || exit`,
      "enter /opt kctl .incoming || exit 0",
      "printf '%s\\n' \"$left\" | while IFS= read -r each; do",
      `  case $each in '' | *.socket) ;; ${those}) rm -rf "./$each" || exit 1 ;; esac`,
      "done",
    ].join("\n"),
    read: nothing,
  };
}
