/** A plan that was put aside to be reviewed: what stands in its file, and what of the plan that is wanted now it covers. */
import { z } from "zod";
import { knownAfterUp } from "../cluster/known-after-up.ts";
import { KctlError } from "../fault.ts";
import type { DesiredState } from "../services/desired.ts";
import type { Spec } from "../spec/schema.ts";
import { changesSomething, type Change } from "./change.ts";
import { contentDigest } from "./content-digest.ts";
import { kafkaLater } from "./kafka-changes.ts";

const savedChange = z.looseObject({ key: z.string(), kind: z.string(), verb: z.string(), title: z.string() });

/** A newer kctl may add keys; a change of meaning raises `schema`, and an older kctl then refuses. */
const savedPlanSchema = z.object({
  schema: z.literal(1),
  /** The version of the kctl that made it. */
  kctl: z.string(),
  cluster: z.string(),
  /** The cluster's own folder: there may be another cluster of this name. */
  folder: z.string(),
  /** Digest of the spec that it was made for. */
  spec: z.string(),
  /** What the servers that it starts would be started with, by NODE/ROLE. */
  servers: z.record(z.string(), z.string()),
  changes: z.array(savedChange),
});

export type SavedPlan = z.infer<typeof savedPlanSchema>;
type SavedChange = z.infer<typeof savedChange>;

/** The plan that is wanted now, with what it rests on. */
export type PlanNow = {
  readonly spec: Spec;
  readonly desired: Pick<DesiredState, "hosts">;
  readonly changes: readonly Change[];
};

/** Which cluster a plan is for. */
export type PlanFor = Pick<SavedPlan, "cluster" | "folder">;

export function savedPlan(now: PlanNow, { cluster, folder }: PlanFor, kctl: string): SavedPlan {
  const inputs = inputsIn(now);
  const servers = [...new Set(now.changes.flatMap(serversOf))].toSorted().map((key) => [key, inputs.get(key) ?? ""]);
  return {
    schema: 1,
    kctl,
    cluster,
    folder,
    spec: specDigest(now.spec),
    servers: Object.fromEntries(servers) as Record<string, string>,
    changes: now.changes.map((change) => ({ ...change })),
  };
}

export function savedPlanText(plan: SavedPlan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** Throws `plan-unreadable` for one that is damaged or that a newer kctl wrote, `plan-of-another` for another cluster's. */
export function parseSavedPlan(text: string, file: string, { cluster, folder }: PlanFor): SavedPlan {
  const plan = read(text, file);
  const whose =
    plan.cluster === cluster
      ? plan.folder === folder
        ? null
        : `the ${cluster} in ${plan.folder}, and this one is in ${folder}`
      : `the cluster ${plan.cluster}, and the spec says ${cluster}`;
  if (whose === null) return plan;
  throw new KctlError({
    code: "plan-of-another",
    where: file,
    what: `this plan is for ${whose}`,
    fix: "name the spec that it was made for with -f, or make a plan for this one with `kctl plan --out FILE`",
  });
}

function read(text: string, file: string): SavedPlan {
  const damaged = (why: string, fix: string): KctlError =>
    new KctlError({ code: "plan-unreadable", where: file, what: `the plan ${why}`, fix });
  const again = "make it again with `kctl plan --out FILE`";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged("is not valid JSON", again);
  }
  const result = savedPlanSchema.safeParse(value);
  if (result.success) return result.data;
  const { schema } = z.looseObject({ schema: z.unknown() }).catch({ schema: undefined }).parse(value);
  if (typeof schema === "number" && schema > 1)
    throw damaged(`was made by a newer kctl (schema ${schema})`, `use the kctl that made it, or ${again}`);
  throw damaged("is damaged, or no plan of kctl's", again);
}

export type Reviewed = {
  /** What the saved plan covers, and what changes nothing. */
  readonly changes: readonly Change[];
  /** What is wanted now and was not reviewed. */
  readonly others: readonly Change[];
};

/**
 * The part of the present plan that was reviewed. The receipt tells of all that is wanted; it is kctl's own book-keeping, and is
 * written where nothing is wanted beyond what was reviewed.
 */
export function reviewedPart(saved: SavedPlan, now: PlanNow): Reviewed {
  const isReviewed = reviewerOf(saved, now);
  const others = now.changes.filter((change) => isDeed(change) && !isReviewed(change));
  const changes = now.changes.filter((change) => {
    if (change.kind === "receipt") return others.length === 0 || isReviewed(change);
    return !others.includes(change);
  });
  return { changes, others };
}

export type PlanDifference = {
  readonly how: "added" | "gone" | "different";
  readonly title: string;
};

/**
 * How the plan that is wanted now differs from the saved one; empty where it is that one, or what a run that was cut off left of
 * it. What could not be seen when it was made, because no broker told, is no difference: it is left for another plan.
 */
export function planDifferences(saved: SavedPlan, now: PlanNow): readonly PlanDifference[] {
  const isReviewed = reviewerOf(saved, now);
  const formerly = new Map(saved.changes.map((change) => [change.key, change]));
  const unseen = saved.changes.some(({ kind, key }) => kind === "note" && key === kafkaLater);
  const differs = (change: Change): readonly PlanDifference[] => {
    if (isReviewed(change)) return [];
    return [{ how: formerly.has(change.key) ? "different" : "added", title: change.title }];
  };
  const wanted = new Map(now.changes.map((change) => [change.key, change]));
  const gone = saved.changes.filter((change) => isDeed(change) && !wanted.has(change.key));
  const begun = gone.length > 0 || isPartOfARoll(saved, now) || (formerly.has("receipt") && !wanted.has("receipt"));
  const sameSpec = isForSpec(saved, now);
  return [
    ...now.changes.filter((change) => isDeed(change) && !(unseen && change.layer === "kafka")).flatMap(differs),
    // What the spec no longer says was not done: it was called off.
    ...(sameSpec ? [] : gone.map(({ title }): PlanDifference => ({ how: "gone", title }))),
    ...(begun && sameSpec ? [] : now.changes.filter(({ kind }) => kind === "receipt").flatMap(differs)),
  ];
}

const nothingDone: ReadonlySet<string> = new Set(["gate", "note", "receipt", "class-archive"]);

/** Gates and notes change nothing, archives of classes nothing of the cluster; the receipt is looked at apart. */
function isDeed({ kind }: SavedChange | Change): boolean {
  return !nothingDone.has(kind);
}

function isPartOfARoll(saved: SavedPlan, { changes }: PlanNow): boolean {
  const now = changes.find(({ kind }) => kind === "roll");
  const former = saved.changes.find(({ kind }) => kind === "roll");
  return now?.kind === "roll" && former !== undefined && membersOf(former).length > now.members.length;
}

/** Whether the saved plan has a change, just as it is wanted now. */
function reviewerOf(saved: SavedPlan, now: PlanNow): (change: Change) => boolean {
  const inputs = inputsIn(now);
  const formerly = new Map(saved.changes.map((change) => [change.key, change]));
  return (change) => {
    if (isLeftByIt(saved, change)) return true;
    const former = formerly.get(change.key);
    if (former === undefined) return !changesSomething(change);
    const sameServers = serversOf(change).every((key) => fills(saved.servers[key] ?? "", inputs.get(key) ?? ""));
    return sameServers && covers(former, change);
  };
}

/** What a transfer of the saved plan left on a machine when the run was cut off goes with the run that goes on from there. */
function isLeftByIt(saved: SavedPlan, change: Change): boolean {
  if (change.kind !== "machine" || change.step.kind !== "leftovers") return false;
  return saved.changes.some(
    ({ kind, node, key }) => kind === "machine" && node === change.node && /^(software|java) /.test(key),
  );
}

function covers(former: SavedChange, change: Change): boolean {
  if (change.kind !== "roll") return matches({ ...former, after: [] }, plain({ ...change, after: [] }));
  // What is left of a roll: its title and reasons tell of fewer servers and files.
  const members = membersOf(former);
  return former.kind === "roll" && change.members.every((member) => members.includes(member));
}

function membersOf({ members }: SavedChange): readonly unknown[] {
  return Array.isArray(members) ? members : [];
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** Two values of JSON; where the former has a value that was not known yet, any may stand. */
function matches(former: unknown, now: unknown): boolean {
  if (typeof former === "string") return typeof now === "string" && fills(former, now);
  if (Array.isArray(former))
    return (
      Array.isArray(now) && former.length === now.length && former.every((item, index) => matches(item, now[index]))
    );
  if (typeof former !== "object" || former === null) return former === now;
  if (typeof now !== "object" || now === null || Array.isArray(now)) return false;
  const [one, other] = [former, now] as Record<string, unknown>[];
  const names = new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})]);
  return [...names].every((name) => matches(one?.[name], other?.[name]));
}

/** An id, an address or a digest has no blank. */
function fills(former: string, now: string): boolean {
  if (former === now || !former.includes(knownAfterUp)) return former === now;
  const parts = former.split(knownAfterUp).map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join("[A-Za-z0-9_.:-]+")}$`).test(now);
}

function serversOf(change: Change): readonly string[] {
  if (change.kind === "roll") return change.members;
  return change.kind === "process" || change.kind === "storage" ? [change.member] : [];
}

function inputsIn({ desired }: PlanNow): ReadonlyMap<string, string> {
  return new Map(desired.hosts.flatMap(({ processes }) => processes.map(({ key, inputs }) => [key, inputs] as const)));
}

/** Whether it was made for the spec as it is now. */
export function isForSpec(saved: SavedPlan, { spec }: PlanNow): boolean {
  return saved.spec === specDigest(spec);
}

/** The same for the same spec in another order of keys. */
function specDigest(spec: Spec): string {
  const inOrder = (_key: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return contentDigest(JSON.stringify(spec, inOrder));
}
