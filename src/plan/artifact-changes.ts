/** What of the cache is missing: software to fetch, archives of loaded classes to make. */
import type { DesiredState } from "../services/desired.ts";
import type { Change } from "./change.ts";
import type { ObservedState } from "./observed.ts";

export function artifactChanges({ artifacts }: DesiredState, observed: ObservedState): readonly Change[] {
  return artifacts.flatMap((artifact): readonly Change[] => {
    const id = `${artifact.name} ${artifact.version}`;
    if (observed.artifacts[id] === true) return [];
    return [
      {
        kind: "artifact",
        verb: "fetch",
        key: `artifact ${id}`,
        artifact,
        layer: "host",
        node: null,
        title: `fetch ${id}`,
        why: [],
        effect: "none",
        diff: [],
        after: [],
      },
    ];
  });
}

export function classArchiveChanges(
  { classArchives }: DesiredState,
  observed: ObservedState,
  artifacts: readonly Change[],
): readonly Change[] {
  return classArchives
    .filter(({ path }) => observed.classArchives[path] !== true)
    .map((archive) => ({
      kind: "class-archive",
      verb: "create",
      key: `class-archive ${archive.path}`,
      archive,
      layer: "host",
      node: null,
      title: `make the archive of classes of ${archive.of.name} ${archive.of.version}, once`,
      why: [],
      effect: "none",
      diff: [],
      after: artifacts.map(({ key }) => ({ key, until: "done" })),
    }));
}
