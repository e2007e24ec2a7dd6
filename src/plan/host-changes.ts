/** What differs on one host: folders, files, processes too many; and which of its processes must start or restart. */
import type { DesiredFile, DesiredHost, DesiredProcess } from "../services/desired.ts";
import type { Change, Edge, Why } from "./change.ts";
import { contentDigest } from "./content-digest.ts";
import type { ObservedHost } from "./observed.ts";
import { differenceLines, reasons } from "./text-difference.ts";

export type HostChanges = {
  readonly changes: readonly Change[];
  readonly starts: readonly DesiredProcess[];
  readonly restarts: readonly DesiredProcess[];
  /** Why they restart, beside what changed in files. */
  readonly why: readonly Why[];
};

export function hostChanges(
  host: DesiredHost,
  observed: ObservedHost | undefined,
  first: readonly Edge[],
  root: string,
): HostChanges {
  const folders = host.folders.flatMap(({ path, mode }): readonly Change[] => {
    const seen = observed?.folders[path];
    if (seen?.kind === "other" || (seen?.kind === "folder" && seen.mode === mode)) return [];
    const verb = seen?.kind === "folder" ? "update" : "create";
    return [
      {
        kind: "folder",
        verb,
        key: `folder ${path}`,
        path,
        mode,
        layer: "host",
        node: host.node,
        title: `${verb} folder ${below(root, path)}`,
        why: [],
        effect: "none",
        diff: [],
        after: first,
      },
    ];
  });
  const files = host.files.flatMap((file) =>
    fileChange(file, host, observed, root, [
      ...first,
      ...folders
        .filter(({ key }) => file.path.startsWith(`${key.slice("folder ".length)}/`))
        .map(({ key }) => done(key)),
    ]),
  );
  const state = (process: DesiredProcess): string => {
    const seen = observed?.processes[process.key];
    if (seen?.state !== "running") return "start";
    return seen.inputs === process.inputs ? "keep" : "restart";
  };
  const restarts = host.processes.filter((process) => state(process) === "restart");
  return {
    changes: [...folders, ...files, ...extraChanges(host, observed, first)],
    starts: host.processes.filter((process) => state(process) === "start"),
    restarts,
    why: restarts.flatMap((process) => otherJava(process, observed)),
  };
}

function otherJava({ key, argv, javaFrom }: DesiredProcess, observed: ObservedHost | undefined): readonly Why[] {
  const seen = observed?.processes[key];
  const from = seen?.state === "running" ? (seen.program ?? null) : null;
  const to = argv[0] ?? null;
  return from === null || from === to ? [] : [{ field: javaFrom, from, to }];
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
  root: string,
  after: readonly Edge[],
): readonly Change[] {
  const seen = observed?.files[file.path];
  const digest = contentDigest(file.content);
  if (seen?.kind === "other" || (seen?.kind === "file" && seen.digest === digest && seen.mode === file.mode)) return [];
  const old = seen?.kind === "file" ? seen : null;
  const before = old?.content ?? null;
  const diff = differenceLines(before ?? "", file.content);
  // One that started with what is wanted needs no restart because somebody edited the file since.
  const process = file.member === null ? undefined : observed?.processes[file.member];
  const inputs = host.processes.find(({ key }) => key === file.member)?.inputs;
  const restarts = process?.state === "running" && process.inputs !== inputs;
  const verb = old === null ? "create" : "update";
  return [
    {
      kind: "file",
      verb,
      key: `file ${file.path}`,
      path: file.path,
      old: old?.digest ?? null,
      new: digest,
      layer: "host",
      node: host.node,
      title: `${verb} ${below(root, file.path)}`,
      why: before === null ? [] : reasons(before, file.content, file.origins ?? {}),
      effect: old !== null && restarts && old.digest !== digest ? "restart" : "none",
      diff,
      after,
    },
  ];
}

/** A path as it is shown: from the cluster's folder on, where it lies there. */
function below(root: string, path: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

const done = (key: string): Edge => ({ key, until: "done" });
