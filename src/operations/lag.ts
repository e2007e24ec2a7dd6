/** How far consumer groups are behind: of one cluster or of several, at once or looked at again and again. */
import { KctlError, type Fault } from "../fault.ts";
import { routesApart } from "../kafka/dial.ts";
import {
  evaluate,
  groupStatus,
  isFull,
  lagOf,
  nothingSeen,
  statusAtOnce,
  trend,
  windowSize,
  withLook,
  type Window,
} from "../kafka/lag/evaluate.ts";
import type { BurrowVerdict } from "../kafka/lag/burrow-verdicts.ts";
import { lookAtGroups, type GroupPartition, type GroupSeen } from "../kafka/lag/look.ts";
import { partitionKey } from "../kafka/partition-sizes.ts";
import { nearest } from "../spec/nearest.ts";
import type { GroupLag, LagRound, LagShown, PartitionLag } from "../report/lag-shown.ts";
import { askBurrow, nobodyJudges, type Judged } from "./ask-burrow.ts";
import type { Context } from "./context.ts";
import { openKafka, type OpenKafka } from "./open-kafka.ts";

export type LagSeen<Shown extends LagShown = LagShown> = Shown & {
  /** What could not be found out; the rest is told all the same. */
  readonly faults: readonly Fault[];
  /** What deserves a look: a Burrow that does not answer. */
  readonly warnings: readonly Fault[];
};

type Look = {
  readonly at: number;
  readonly groups: readonly ClusterGroup[];
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
};

/** `verdict` is Burrow's; null: there is none, or it does not know the group. */
type ClusterGroup = GroupSeen & { readonly cluster: string; readonly verdict: BurrowVerdict | null };

/** The longest that one look may take where a broker hangs. */
const longestLookMs = 10_000;

/**
 * @param contexts one a spec
 * @param group null: all
 */
export async function lag(contexts: readonly Context[], group: string | null): Promise<LagSeen> {
  const { groups, faults, warnings } = await looker(await openAll(contexts), group)();
  return { groups: groups.map((one) => groupLag(one, one.partitions.map(partitionAtOnce))), faults, warnings };
}

/** @returns a function that looks once more, and judges by all that it has seen */
export async function watchedLag(
  contexts: readonly Context[],
  group: string | null,
): Promise<() => Promise<LagSeen<LagRound>>> {
  const look = looker(await openAll(contexts), group);
  let windows: ReadonlyMap<string, Window> = new Map();
  let looks = 0;
  return async () => {
    const { at, groups, faults, warnings } = await look();
    looks = Math.min(looks + 1, windowSize);
    const before = windows;
    const after = new Map<string, Window>();
    const shown = groups.map((one) => {
      const partitions = one.partitions.map((partition) => {
        const key = JSON.stringify([one.cluster, one.group, partition.topic, partition.partition]);
        const window = moved(before.get(key) ?? nothingSeen, partition, at);
        after.set(key, window);
        return partitionOver(partition, window);
      });
      const trends = partitions.flatMap((partition) => partition.trend ?? []);
      const sum = trends.reduce((all, grown) => all + grown, 0);
      return { ...groupLag(one, partitions), trend: trends.length === 0 ? null : Math.round(sum * 10) / 10 };
    });
    windows = after;
    return { groups: shown, faults, warnings, looks, window: windowSize };
  };
}

/** `kafka` is null where it could not be opened, and `faults` say why. */
type Opened = {
  readonly context: Context;
  /** What is asked of it goes its own way: another cluster may have machines of the same names. */
  readonly apart: ReturnType<typeof routesApart>;
  readonly kafka: OpenKafka | null;
  readonly faults: readonly Fault[];
};

/** @throws KctlError where none can be looked at, or where a spec is at fault */
async function openAll(contexts: readonly Context[]): Promise<readonly Opened[]> {
  const opened = await Promise.all(contexts.map(async (context) => openOne(context, routesApart())));
  const faults = opened.flatMap((one) => one.faults);
  if (opened.every(({ kafka }) => kafka === null)) throw new KctlError(faults);
  const ofSpecs = faults.filter((fault) => new KctlError(fault).exit === 2);
  if (ofSpecs.length > 0) throw new KctlError(ofSpecs);
  return opened;
}

async function openOne(context: Context, apart: Opened["apart"]): Promise<Opened> {
  try {
    return { context, apart, kafka: await apart(() => openKafka(context)), faults: [] };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof KctlError)) throw error;
    return { context, apart, kafka: null, faults: error.faults };
  }
}

function looker(clusters: readonly Opened[], group: string | null): () => Promise<Look> {
  let opened = clusters;
  let isFirst = true;
  return async () => {
    const at = Date.now();
    // One that is back is told from then on.
    if (!isFirst)
      opened = await Promise.all(
        opened.map(async (one) => (one.kafka === null ? openOne(one.context, one.apart) : one)),
      );
    isFirst = false;
    const seen = await Promise.all(opened.map((one) => lookAt(one, group)));
    const groups = seen.flatMap(({ name, groups: told, judged }) =>
      told.map((one) => ({ ...one, cluster: name, verdict: judged.verdicts.get(one.group) ?? null })),
    );
    const faults = seen.flatMap((one) => one.faults);
    if (group !== null && groups.length === 0 && faults.length === 0)
      throw new KctlError(
        noSuchGroup(
          group,
          seen.map(({ name }) => name).join(", "),
          seen.flatMap(({ names }) => names),
        ),
      );
    return { at, groups, faults, warnings: seen.flatMap(({ judged }) => judged.warnings) };
  };
}

type SeenOf = {
  readonly name: string;
  readonly groups: readonly GroupSeen[];
  readonly names: readonly string[];
  readonly faults: readonly Fault[];
  readonly judged: Judged;
};

/** One cluster that does not answer does not hide the others. */
async function lookAt({ kafka, context, apart, faults }: Opened, only: string | null): Promise<SeenOf> {
  if (kafka === null) return { name: context.specFile, groups: [], names: [], faults, judged: nobodyJudges };
  try {
    const { groups, names, silent } = await apart(() => lookAtGroups(lookOptions(kafka, only, context)));
    const told = groups.map(({ group }) => group);
    const judged = await apart(() => askBurrow(kafka, told, context.signal));
    return { name: kafka.name, groups, names, faults: [...silent, ...leaderless(kafka.name, groups)], judged };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof KctlError)) throw error;
    return { name: kafka.name, groups: [], names: [], faults: error.faults, judged: nobodyJudges };
  }
}

export function lookOptions({ name, bootstrap }: OpenKafka, only: string | null, { signal, timeoutSeconds }: Context) {
  const timeoutMs = Math.min(timeoutSeconds * 1000, longestLookMs);
  return { cluster: name, bootstrap, signal, timeoutMs, waitSeconds: timeoutSeconds, only };
}

/** `names`: of all groups that there are. */
export function noSuchGroup(group: string, cluster: string, names: readonly string[]): Fault {
  const meant = nearest(group, names);
  const some = names.slice(0, 10).join(", ");
  return {
    code: "no-group",
    what: `${cluster} has no consumer group ${group}${meant === null ? "" : `; did you mean ${meant}?`}`,
    fix:
      names.length === 0
        ? "it has none: a group is there once a consumer has joined it, or committed an offset"
        : `its groups are ${some}${names.length > 10 ? `, and ${names.length - 10} more: \`kctl lag\`` : ""}`,
  };
}

/** Partitions whose end nobody told: what is not known is not taken for no lag. */
export function leaderless(cluster: string, groups: readonly GroupSeen[]): readonly Fault[] {
  const all = groups.flatMap(({ partitions }) =>
    partitions.flatMap(({ topic, partition, end }) => (end === null ? [`${topic}-${partition}`] : [])),
  );
  const unknown = [...new Set(all)];
  if (unknown.length === 0) return [];
  const some = `${unknown.slice(0, 5).join(", ")}${unknown.length > 5 ? ` and ${unknown.length - 5} more` : ""}`;
  return [
    {
      code: "unhealthy",
      what: `the end of ${some} in ${cluster} is not known, and so is the lag there: no leader told it`,
      fix: "see with `kctl status` which brokers do not run; a topic that was deleted goes from its groups by itself",
    },
  ];
}

/** @param own as kctl judges them: so stay those that Burrow does not know */
function groupLag(
  { cluster, group, state, protocol, members, verdict }: ClusterGroup,
  own: readonly PartitionLag[],
): GroupLag {
  const partitions = verdict === null ? own : own.map((one) => judgedByBurrow(one, verdict));
  return {
    cluster,
    group,
    status: groupStatus(partitions.map(({ status }) => status)),
    ...(verdict === null ? { judgedBy: "kctl" } : { judgedBy: "burrow", complete: verdict.complete }),
    lag: partitions.reduce((sum, one) => sum + (one.lag ?? 0), 0),
    state,
    protocol,
    members: members.length,
    partitions,
  };
}

function judgedByBurrow(own: PartitionLag, { partitions }: BurrowVerdict): PartitionLag {
  const status = partitions.get(partitionKey(own.topic, own.partition));
  return status === undefined ? own : { ...own, status, judgedBy: "burrow" };
}

function facts({ topic, partition, end, committed, owner }: GroupPartition): Omit<PartitionLag, "status" | "judgedBy"> {
  return {
    topic,
    partition,
    end,
    committed,
    lag: end === null || committed === null ? null : lagOf(end, committed),
    owner: owner?.id ?? null,
    clientId: owner?.clientId ?? null,
    host: owner?.clientHost ?? null,
  };
}

function partitionAtOnce(seen: GroupPartition): PartitionLag {
  const { end, committed, owner } = seen;
  const known = end !== null && committed !== null;
  const status = known ? statusAtOnce({ end, committed, owned: owner !== null }) : "OK";
  return { ...facts(seen), status, judgedBy: "kctl" };
}

function moved(window: Window, { end, committed, owner }: GroupPartition, at: number): Window {
  return end === null || committed === null ? window : withLook(window, { at, end, committed, owned: owner !== null });
}

function partitionOver(seen: GroupPartition, window: Window): PartitionLag {
  const shown = partitionAtOnce(seen);
  return { ...shown, status: isFull(window) ? evaluate(window) : shown.status, trend: trend(window) };
}
