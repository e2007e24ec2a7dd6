/** Removes a tree of kctl's own from a host: never through a symbolic link, and a disk mounted in it stays mounted. */
import { KctlError } from "../../fault.ts";
import { nothing, type Operation } from "./operation.ts";
import { nameOf, ownRoots, parentOf, placeOf } from "./places.ts";

/**
 * `keeps PATH`: whether something is mounted there or below. `clear`: empties the current folder, but for what must stay.
 * mountinfo writes spaces and the like as octal escapes, which `printf %b` undoes.
 */
const functions = String.raw`
mounts=$(while read -r _ _ _ _ point _; do case $point in *\\*) point=$(printf %b "$(printf %s "$point" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')") ;; esac
  case $point/ in "$top"/*) printf '%s\n' "$point" ;; esac; done </proc/self/mountinfo)
keeps() { case "
$mounts
" in *"
$1
"* | *"
$1/"*) return 0 ;; esac; return 1; }
clear() (
  for each in ./* ./.[!.]* ./..?*; do
    there "$each" || continue
    if [ -d "$each" ] && [ ! -L "$each" ] && keeps "$PWD/\${each#./}"; then (cd -P "$each" && clear) || exit 1
    else rm -rf "$each" || exit 1; fi
  done
)
`
  .trim()
  .replaceAll("\\$", "$");

/** A path that is not there is fine. */
export function removeTree(path: string, roots: readonly string[] = []): Operation {
  const place = placeOf(path, roots);
  if ((ownRoots as readonly string[]).includes(path))
    throw new KctlError({
      code: "host-io",
      where: path,
      what: `${path} holds what belongs to every cluster of the host, and is not removed as a whole`,
      fix: "see who wrote this path: kctl's record of the cluster may have been edited",
    });
  const name = nameOf(place);
  return {
    doing: `remove ${path}`,
    about: path,
    lines: [
      `enter ${parentOf(place)} || exit 0`,
      `there ./${name} || exit 0`,
      `top=$at/${name}`,
      functions,
      `[ -n "$mounts" ] && [ ! -L ./${name} ] || { rm -rf ./${name}; exit; }`,
      `cd -P ./${name} && [ "$PWD" = "$top" ] || exit 1`,
      "clear",
    ].join("\n"),
    read: nothing,
  };
}

/** Of several folders, deepest first, those that are empty: what clusters share goes with the last. */
export function removeIfEmpty(paths: readonly string[]): Operation {
  return {
    doing: `remove ${paths.join(", ")} where empty`,
    lines: paths
      .map((path) => {
        const place = placeOf(path);
        const name = nameOf(place);
        return `(enter ${parentOf(place)} && [ -d ./${name} ] && [ ! -L ./${name} ] && rmdir ./${name} 2>/dev/null)`;
      })
      .concat("true")
      .join("\n"),
    read: nothing,
  };
}
