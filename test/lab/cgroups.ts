/** Control groups of a lab: everything that it starts is in them, so all of it can be frozen and ended, whoever its parent is. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./processes.ts";

type Hierarchy = { readonly folder: string; readonly freezes: boolean };

/** Version 1 has a hierarchy for each controller, version 2 one for all; some systems have both. */
function hierarchies(): readonly Hierarchy[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const folder = before.split(" ")[4] ?? "";
      const [type, , options = ""] = after.split(" ");
      const named = new Set(options.split(","));
      // A group of cpuset takes no process before it was given processors.
      if (type === "cgroup2") return [{ folder, freezes: true }];
      return type === "cgroup" && !named.has("cpuset") ? [{ folder, freezes: named.has("freezer") }] : [];
    })
    .toSorted((a, b) => Number(b.freezes) - Number(a.freezes) || a.folder.localeCompare(b.folder));
}

const groupsOf = (path: string): readonly string[] => hierarchies().map(({ folder }) => join(folder, "kctl-lab", path));

/** The one that processes are counted and frozen by: in version 1 the freezer's, since a host's systemd makes no groups there. */
function main(path: string): string {
  const all = hierarchies();
  const first = all.find(({ folder }) => folder.endsWith("/freezer")) ?? all.find(({ freezes }) => freezes);
  if (first === undefined) throw new Error("no control groups are mounted at /sys/fs/cgroup");
  return join(first.folder, "kctl-lab", path);
}

/** @returns the folders that a process writes its id into to be in the group */
export function makeGroup(path: string): readonly string[] {
  const groups = groupsOf(path);
  for (const group of groups) mkdirSync(group, { recursive: true });
  return groups;
}

/** The group that only counts, for commands of the operator. */
export function makeOperatorGroup(path: string): string {
  const group = main(path);
  mkdirSync(group, { recursive: true });
  return group;
}

function withInner(group: string): readonly string[] {
  if (!existsSync(group)) return [];
  const inner = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap(({ name }) => withInner(join(group, name))), group];
}

/** So much of a processor's time at most; null: as much as there is. */
export function holdTo(path: string, processors: number | null): void {
  const period = 100_000;
  const quota = processors === null ? null : Math.round(processors * period);
  for (const group of groupsOf(path)) {
    if (existsSync(join(group, "cpu.cfs_quota_us")))
      writeFileSync(join(group, "cpu.cfs_quota_us"), String(quota ?? -1));
    if (existsSync(join(group, "cpu.max"))) writeFileSync(join(group, "cpu.max"), `${quota ?? "max"} ${period}`);
  }
}

export function processes(path: string): readonly number[] {
  return withInner(main(path)).flatMap((group) => {
    try {
      return readFileSync(join(group, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
}

export async function freeze(path: string, frozen: boolean): Promise<void> {
  const group = main(path);
  if (existsSync(join(group, "freezer.state"))) {
    const wanted = frozen ? "FROZEN" : "THAWED";
    writeFileSync(join(group, "freezer.state"), wanted);
    await until(`${path} is ${wanted}`, 10, () => readFileSync(join(group, "freezer.state"), "utf8").trim() === wanted);
    return;
  }
  writeFileSync(join(group, "cgroup.freeze"), frozen ? "1" : "0");
  const wanted = `frozen ${frozen ? 1 : 0}`;
  await until(`${path}: ${wanted}`, 10, () => readFileSync(join(group, "cgroup.events"), "utf8").includes(wanted));
}

/** Takes this process out of the group that it was started in, so that it can end that group. */
export function leaveGroups(): void {
  for (const { folder } of hierarchies()) writeFileSync(join(folder, "cgroup.procs"), String(process.pid));
}

/** The frozen do not even die. */
function thawAll(group: string): void {
  for (const inner of withInner(group)) {
    for (const [name, thawed] of [
      ["freezer.state", "THAWED"],
      ["cgroup.freeze", "0"],
    ] as const) {
      try {
        if (existsSync(join(inner, name))) writeFileSync(join(inner, name), thawed);
      } catch {
        // Somebody else takes it away.
      }
    }
  }
}

/** Ends all that is in the group, at once. A host's first process takes all others of the host with it. */
export async function endGroup(path: string): Promise<void> {
  if (!existsSync(main(path))) return;
  thawAll(main(path));
  await until(`the processes of ${path} have ended`, 120, () => {
    const left = processes(path);
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    return left.length === 0;
  });
}

/** Takes the groups away, inner ones first. */
export async function removeGroup(path: string): Promise<void> {
  for (const group of groupsOf(path)) {
    // A group of a process that has just ended is busy for a moment.
    await until(`${group} is gone`, 10, () => {
      for (const inner of withInner(group)) {
        try {
          rmdirSync(inner);
        } catch {
          return false;
        }
      }
      return true;
    });
  }
}
