/** What of the cache is missing: software to fetch, archives of loaded classes to make. */
import type { Artifact, DesiredHost, DesiredState } from "../services/desired.ts";
import { shownArtifact } from "../services/web-address.ts";
import type { Change } from "./change.ts";
import type { ObservedState } from "./observed.ts";

export function artifactChanges({ artifacts, hosts }: DesiredState, observed: ObservedState): readonly Change[] {
  return artifacts.flatMap((artifact): readonly Change[] => {
    const id = `${artifact.name} ${artifact.version}`;
    if (!hosts.some((host) => isNeeded(artifact, host, observed))) return [];
    if (observed.artifacts[id] === true) return [];
    return [
      {
        kind: "artifact",
        verb: "fetch",
        key: `artifact ${id}`,
        artifact: shownArtifact(artifact),
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

/** Servers of this machine run from its cache; others run from a copy, and need it only until they have that. */
function isNeeded(artifact: Artifact, { node, machine }: DesiredHost, observed: ObservedState): boolean {
  if (machine === undefined) return true;
  const seen = observed.hosts[node]?.machine;
  return machine.software.some(
    (one) =>
      one.artifact.name === artifact.name &&
      one.artifact.version === artifact.version &&
      seen !== undefined &&
      seen.software[one.folder] !== true,
  );
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
