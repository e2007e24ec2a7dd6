/** What differs on a machine that is kctl's to set up: its user, software, Java, names, kernel settings, units and data volume. */
import { withBlock } from "../render/hosts-block.ts";
import { isFittingJava, type DesiredHost, type DesiredMachine, type InstalledSoftware } from "../services/desired.ts";
import { shownArtifact } from "../services/web-address.ts";
import type { Change, Edge, MachineStep } from "./change.ts";
import { wantedDigest } from "./content-digest.ts";
import { placed } from "./host-changes.ts";
import type { ObservedMachine } from "./observed.ts";
import { differenceLines } from "./text-difference.ts";
import { volumeSteps } from "./volume-steps.ts";

type MachineChange = Extract<Change, { kind: "machine" }>;

/**
 * @param files the changes of its files: a unit is read once it is written
 * @param fetched what must be in the cache of this machine before software is sent
 */
export function machineChanges(
  host: DesiredHost,
  seen: ObservedMachine | undefined,
  { first, files, fetched }: { first: readonly Edge[]; files: readonly Change[]; fetched: readonly Edge[] },
): readonly MachineChange[] {
  const { machine, node } = host;
  if (machine === undefined || seen === undefined) return [];
  const change = (
    step: MachineStep,
    verb: MachineChange["verb"],
    name: string,
    title: string,
    { after = first, diff = [] }: { after?: readonly Edge[]; diff?: readonly string[] } = {},
  ): MachineChange => ({
    kind: "machine",
    verb,
    step,
    key: `${name} on ${node}`,
    layer: "host",
    node,
    title: `${title} on ${node}`,
    why: [],
    effect: "none",
    diff,
    after,
  });
  const swept = leftovers(machine, seen).map((names) =>
    change({ kind: "leftovers", names }, "remove", "leftovers", "remove what a transfer that was cut off left", {
      diff: names.map((name) => `-${name}`),
    }),
  );
  const changes = [
    ...swept,
    ...(seen.user
      ? []
      : [change({ kind: "user", user: machine.user }, "create", "user", `create the user ${machine.user}`)]),
    ...(isRightJava(machine, seen) ? [] : [change({ kind: "java" }, "install", "java", javaTitle(machine, seen))]),
    ...machine.software
      .filter(({ folder }) => seen.software[folder] !== true)
      .map((software) =>
        change(
          { kind: "software", software: { ...software, artifact: shownArtifact(software.artifact) } },
          "install",
          `software ${software.folder}`,
          `install ${software.artifact.name} ${software.artifact.version}`,
          { after: [...first, ...fetched, ...swept.map(({ key }) => ({ key, until: "done" as const }))] },
        ),
      ),
    ...hostsChange(machine, seen).map(({ step, diff }) =>
      change(step, "update", "hosts", "update kctl's block in /etc/hosts", { diff }),
    ),
    ...kernelChange(machine, seen).map(({ step, diff }) =>
      change(step, "update", "sysctl", "set kernel settings", { diff }),
    ),
    ...machine.units.flatMap(({ name, path }) => {
      const unit = seen.units[name];
      const file = files.find(({ key }) => key === `file ${placed(host, path)}`);
      if (file === undefined && unit?.enabled === true && !unit.needsReload) return [];
      const after = file === undefined ? first : [...first, { key: file.key, until: "done" as const }];
      return [change({ kind: "unit", unit: name }, "update", `unit ${name}`, `load and enable ${name}`, { after })];
    }),
  ];
  const volume = volumeSteps(machine, seen).map(({ step, title }) =>
    change(step, step.work === "format" ? "create" : "update", volumeKey(step), title),
  );
  return [...inTurn(volume, changes), ...changes];
}

const volumeKey = ({ work }: Extract<MachineStep, { kind: "volume" }>): string => `volume ${work}`;

/** A volume is mounted by its unit, which systemd must have read. */
function inTurn(volume: readonly MachineChange[], others: readonly MachineChange[]): readonly MachineChange[] {
  return volume.map((change, index) => {
    const { step } = change;
    const unit = step.kind === "volume" && step.work === "mount" ? step.volume.unit : null;
    const before = [
      ...volume.slice(Math.max(0, index - 1), index),
      ...others.filter((other) => other.step.kind === "unit" && other.step.unit === unit),
    ];
    return { ...change, after: [...change.after, ...before.map(({ key }) => ({ key, until: "done" as const }))] };
  });
}

/** What lies on a volume comes after it was mounted. */
export function volumeFirst(
  { node, machine }: DesiredHost,
  seen: ObservedMachine | undefined,
): (path: string) => readonly Edge[] {
  const volume = machine?.volume ?? null;
  if (machine === undefined || volume === null || seen === undefined) return () => [];
  const mounts = volumeSteps(machine, seen).filter(({ step }) => step.work === "mount");
  const edges = mounts.map(({ step }): Edge => ({ key: `${volumeKey(step)} on ${node}`, until: "done" }));
  return (path) => (path === volume.mountPoint || path.startsWith(`${volume.mountPoint}/`) ? edges : []);
}

/** Before a server starts: its own machine's set-up, but for what only others run from, and all machines' names. */
export function beforeServer(
  changes: readonly MachineChange[],
  node: string,
  own: readonly Pick<InstalledSoftware["artifact"], "name">[],
): readonly MachineChange[] {
  const isOfOthers = ({ step }: MachineChange): boolean =>
    step.kind === "software" && !own.some(({ name }) => name === step.software.artifact.name);
  return changes.filter((one) => one.step.kind === "hosts" || (one.node === node && !isOfOthers(one)));
}

/** Folders and files belong to the servers' user, who must be there first. */
export function userFirst({ node, machine }: DesiredHost, seen: ObservedMachine | undefined): readonly Edge[] {
  return machine === undefined || seen === undefined || seen.user ? [] : [{ key: `user on ${node}`, until: "done" }];
}

function isRightJava({ java }: DesiredMachine, { java: linked }: ObservedMachine): boolean {
  if (linked === null) return false;
  if (java.home !== null) return linked.home === java.home;
  return isFittingJava(java, linked.major);
}

/** What has arrived of an archive stays as long as one is still to come: that is gone on with. */
function leftovers(machine: DesiredMachine, seen: ObservedMachine): readonly (readonly string[])[] {
  const settled = isRightJava(machine, seen) && machine.software.every(({ folder }) => seen.software[folder] === true);
  const names = seen.leftovers.filter((name) => settled || !name.endsWith(".part"));
  return names.length === 0 ? [] : [names];
}

function javaTitle({ java }: DesiredMachine, { javas }: ObservedMachine): string {
  const there = java.home ?? javas[0]?.home;
  return there === undefined ? `install Java ${java.best}` : `use the Java in ${there}`;
}

function hostsChange(
  { hosts }: DesiredMachine,
  { hostsFile }: ObservedMachine,
): readonly { readonly step: MachineStep; readonly diff: readonly string[] }[] {
  const wanted = withBlock(hostsFile, hosts);
  if (wanted === hostsFile) return [];
  const old = hostsFile === null ? null : wantedDigest(hostsFile);
  return [{ step: { kind: "hosts", old, new: wantedDigest(wanted) }, diff: differenceLines(hostsFile ?? "", wanted) }];
}

function kernelChange(
  { sysctl }: DesiredMachine,
  seen: ObservedMachine,
): readonly { readonly step: MachineStep; readonly diff: readonly string[] }[] {
  const entries = Object.entries(sysctl);
  // A kernel that does not have the setting (a container's) cannot be given it.
  const other = entries.filter(([name, value]) => typeof seen.sysctl[name] === "string" && seen.sysctl[name] !== value);
  if (other.length === 0) return [];
  const diff = other.flatMap(([name, value]) => [`-${name} = ${seen.sysctl[name] ?? ""}`, `+${name} = ${value}`]);
  return [{ step: { kind: "sysctl", settings: Object.fromEntries(other) }, diff }];
}
