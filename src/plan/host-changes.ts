/** What differs on one host: folders, files, processes too many; and which of its processes must start or restart. */
import type { DesiredFile, DesiredHost, DesiredProcess, Owner } from "../services/desired.ts";
import type { Change, Edge, Why } from "./change.ts";
import { isReadOtherwise } from "./read-otherwise.ts";
import { wantedDigest } from "./content-digest.ts";
import type { ObservedHost } from "./observed.ts";
import { differenceLines, reasons } from "./text-difference.ts";

export type HostChanges = {
  readonly changes: readonly Change[];
  readonly starts: readonly DesiredProcess[];
  readonly restarts: readonly DesiredProcess[];
  /** Why they restart, beside what changed in files. */
  readonly why: readonly Why[];
};

export type HostPlan = {
  readonly first: readonly Edge[];
  /** What must come before anything at this path is made. */
  readonly before: (path: string) => readonly Edge[];
  readonly root: string;
  /** Whether a setting is changed without a restart. */
  readonly isLive: (key: string) => boolean;
};

export function hostChanges(host: DesiredHost, observed: ObservedHost | undefined, plan: HostPlan): HostChanges {
  const { first, before, root, isLive } = plan;
  const folders = host.folders.flatMap(({ path, mode, owner }): readonly Change[] => {
    const seen = observed?.folders[path];
    if (seen?.kind === "other" || (seen?.kind === "folder" && seen.mode === mode && isOwned(seen, owner))) return [];
    const verb = seen?.kind === "folder" ? "update" : "create";
    return [
      {
        kind: "folder",
        verb,
        key: `folder ${placed(host, path)}`,
        path,
        mode,
        layer: "host",
        node: host.node,
        title: `${verb} folder ${shown(host, path, root)}`,
        why: [],
        effect: "none",
        diff: [],
        after: [...first, ...before(path)],
      },
    ];
  });
  const files = host.files.flatMap((file) =>
    fileChange(file, host, observed, plan, [
      ...first,
      ...before(file.path),
      ...folders
        .filter((change) => change.kind === "folder" && file.path.startsWith(`${change.path}/`))
        .map(({ key }) => done(key)),
    ]),
  );
  const edited = new Set(
    host.files.flatMap((file) =>
      host.machine !== undefined && isReadOtherwise(file, observed?.files[file.path], isLive)
        ? (file.member ?? [])
        : [],
    ),
  );
  const state = (process: DesiredProcess): string => {
    const seen = observed?.processes[process.key];
    if (seen?.state !== "running") return "start";
    return seen.inputs === process.inputs && !edited.has(process.key) ? "keep" : "restart";
  };
  const restarts = host.processes.filter((process) => state(process) === "restart");
  return {
    changes: [...folders, ...files, ...extraChanges(host, observed, first)],
    starts: host.processes.filter((process) => state(process) === "start"),
    restarts,
    why: restarts.flatMap((process) => otherProgram(process, observed)),
  };
}

function otherProgram({ key, argv, programFrom }: DesiredProcess, observed: ObservedHost | undefined): readonly Why[] {
  const seen = observed?.processes[key];
  const from = seen?.state === "running" ? (seen.program ?? null) : null;
  const to = argv[0] ?? null;
  return from === null || from === to ? [] : [{ field: programFrom, from, to }];
}

function extraChanges(
  host: DesiredHost,
  observed: ObservedHost | undefined,
  after: readonly Edge[],
): readonly Change[] {
  return host.processes.flatMap(({ key }): readonly Change[] => {
    const seen = observed?.processes[key];
    const extras = seen?.state === "running" ? (seen.extras ?? []) : [];
    if (extras.length === 0) return [];
    const title = `stop ${extras.length} further process${extras.length === 1 ? "" : "es"} of ${key}: ${extras.map(({ pid }) => pid).join(", ")}`;
    return [
      {
        kind: "extra",
        verb: "stop",
        key: `extra ${key}`,
        member: key,
        layer: "host",
        node: host.node,
        title,
        why: [],
        effect: "none",
        diff: [],
        after,
      },
    ];
  });
}

function fileChange(
  file: DesiredFile,
  host: DesiredHost,
  observed: ObservedHost | undefined,
  { root, isLive }: HostPlan,
  after: readonly Edge[],
): readonly Change[] {
  const seen = observed?.files[file.path];
  const edited = host.machine !== undefined && isReadOtherwise(file, seen, isLive);
  const digest = wantedDigest(file.content);
  if (seen?.kind === "other") return [];
  if (seen?.kind === "file" && seen.digest === digest && seen.mode === file.mode && isOwned(seen, file.owner))
    return [];
  const old = seen?.kind === "file" ? seen : null;
  const before = old?.content ?? null;
  const diff = differenceLines(before ?? "", file.content);
  // One that started with what is wanted needs no restart because somebody edited the file since.
  const process = file.member === null ? undefined : observed?.processes[file.member];
  const inputs = host.processes.find(({ key }) => key === file.member)?.inputs;
  const restarts = process?.state === "running" && (process.inputs !== inputs || edited);
  const verb = old === null ? "create" : "update";
  return [
    {
      kind: "file",
      verb,
      key: `file ${placed(host, file.path)}`,
      path: file.path,
      old: old?.digest ?? null,
      new: digest,
      layer: "host",
      node: host.node,
      title: `${verb} ${shown(host, file.path, root)}`,
      why: before === null ? [] : reasons(before, file.content, file.origins ?? {}),
      effect: old !== null && restarts && old.digest !== digest ? "restart" : "none",
      diff,
      after,
    },
  ];
}

/** A path as it is shown: from the cluster's folder on, where it lies there; with its node, where each has paths of its own. */
function shown(host: DesiredHost, path: string, root: string): string {
  if (host.machine !== undefined) return `${path} on ${host.node}`;
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/** A path that tells its machine, where each has a file system of its own: keys are unique in a plan. */
export function placed({ node, machine }: Pick<DesiredHost, "node" | "machine">, path: string): string {
  return machine === undefined ? path : `${node}:${path}`;
}

function isOwned({ owner: seen }: { readonly owner?: Owner }, owner: Owner | undefined): boolean {
  return owner === undefined || (seen?.user === owner.user && seen.group === owner.group);
}

const done = (key: string): Edge => ({ key, until: "done" });
