/** Software that is not wanted any more: which of it processes run from, and how it goes. */
import type { Operation } from "./operation.ts";
import { quoted } from "./quote.ts";
import { nameOf, parentOf, placeOf } from "./places.ts";
import { removeTree } from "./remove-tree.ts";
import { unlessUsed } from "./unless-used.ts";

/** `runs_from FOLDER`: whether a process names it, runs a program of it, or has a file of it open: a JVM has its class path from a file. */
export const runsFrom = String.raw`
runs_from() {
  # Those that are run here are seen as well: none of them is told the folder.
  case $({ cat /proc/[0-9]*/cmdline | tr '\0' '\n'; ls -l /proc/[0-9]*/exe /proc/[0-9]*/fd; } 2>/dev/null |
    grep -F /opt/kctl/) in *"$1/"*) return 0 ;; esac
  return 1
}
`.trim();

/** The mark that it is whole goes first: what a removal that was cut off leaves must not be taken for it. */
export function removeSoftwareTree(folder: string): Operation {
  const place = placeOf(folder);
  const name = nameOf(place);
  const removal = removeTree(folder);
  return {
    ...removal,
    lines: [
      `(enter ${parentOf(place)} && [ -d ./${name} ] && [ ! -L ./${name} ] && rm -f ./${name}/.kctl)`,
      removal.lines,
    ].join("\n"),
  };
}

/** @returns whether it is gone: not so while a process runs from it, or where another cluster names it by now */
export function removeOldSoftware(folder: string, cluster: string): Operation<boolean> {
  const removal = removeSoftwareTree(folder);
  return unlessUsed(
    {
      ...removal,
      lines: [runsFrom, `! runs_from ${quoted(folder)} || exit 0`, `(\n${removal.lines}\n) || exit`, "echo gone"].join(
        "\n",
      ),
      read: (stdout) => stdout.trim() === "gone",
    },
    cluster,
    folder,
  );
}
