/** Settings that brokers take live: what the spec wants of them, less what holds. What kctl did not set is left alone. */
import type { DesiredLiveSettings } from "../services/desired.ts";
import { sameValue } from "./same-value.ts";

/** One setting as a broker tells it: every place that gives it a value; the earliest of this list holds. */
export type SettingLayers = {
  /** Set live on this very broker. */
  readonly broker: string | null;
  /** Set live for the whole cluster. */
  readonly cluster: string | null;
  /** From the file that the broker read when it started. */
  readonly file: string | null;
  /** What Kafka does without any of them; null: nothing, or not told. */
  readonly default: string | null;
  /** What the broker runs with, where it told. */
  readonly inForce?: string | null;
};

export type ObservedSettings = {
  /** By broker id, the settings that can be changed live, by name. A broker that did not tell is not here. */
  readonly brokers: ReadonlyMap<number, Readonly<Record<string, SettingLayers>>>;
  /** Eligible leader replicas are on: min.insync.replicas is the cluster's alone, and is never without a value there. */
  readonly elr: boolean;
};

/** Names of settings that kctl set live, as the receipt says. */
export type SetBefore = {
  readonly cluster: readonly string[];
  readonly brokers: Readonly<Record<string, readonly string[]>>;
};

export type SettingDifference = {
  readonly name: string;
  /** null: for the whole cluster. */
  readonly broker: number | null;
  readonly from: string | null;
  /** null: taken back. */
  readonly to: string | null;
  /** The key of the spec; null where it is not in the spec any more. */
  readonly why: string | null;
};

const minIsr = "min.insync.replicas";
/** Live settings that Kafka does not take for the whole cluster. */
export const perBrokerOnly: ReadonlySet<string> = new Set(["cordoned.log.dirs"]);

/** In the order of their names, the cluster's before the brokers'. */
export function settingDifferences(
  wanted: readonly DesiredLiveSettings[],
  seen: ObservedSettings,
  before: SetBefore,
): readonly SettingDifference[] {
  const told = wanted.filter(({ broker }) => seen.brokers.has(broker));
  if (told.length === 0) return [];
  const names = new Set([
    ...told.flatMap(({ settings }) => Object.keys(settings)),
    ...before.cluster,
    ...told.flatMap(({ broker }) => before.brokers[String(broker)] ?? []),
    ...told.flatMap(({ broker }) => leftOver(seen.brokers.get(broker) ?? {})),
  ]);
  return [...names].toSorted().flatMap((name) => ofOne(name, told, wanted, seen, before));
}

/** In the file that a broker started with; whether the spec still has it is asked later. */
function leftOver(settings: Readonly<Record<string, SettingLayers>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, { file }]) => (file === null ? [] : [name]));
}

const nothing: SettingLayers = { broker: null, cluster: null, file: null, default: null };

function ofOne(
  name: string,
  told: readonly DesiredLiveSettings[],
  wanted: readonly DesiredLiveSettings[],
  { brokers, elr }: ObservedSettings,
  before: SetBefore,
): readonly SettingDifference[] {
  const all = told.map(({ broker }) => brokers.get(broker)?.[name] ?? nothing);
  const why = wanted.map(({ settings }) => settings[name]?.from).find((from) => from !== undefined) ?? null;
  const now = all.map((layers) => layers.cluster).find((value) => value !== null) ?? null;
  const clusterOnly = elr && name === minIsr;
  const cluster = forTheCluster({ name, all, wanted, now, clusterOnly, ours: before.cluster.includes(name) });
  const changes: SettingDifference[] = sameValue(now, cluster)
    ? []
    : [{ name, broker: null, from: now, to: cluster, why }];
  // Kafka takes no other value of it on a single broker.
  if (clusterOnly) return changes;
  for (const [index, { broker, settings }] of told.entries()) {
    const layers = { ...(all[index] ?? nothing), cluster };
    const ours = before.brokers[String(broker)]?.includes(name) === true;
    const to = forTheBroker(layers, settings[name]?.value ?? null, ours);
    if (!sameValue(layers.broker, to))
      changes.push({ name, broker, from: layers.broker, to, why: settings[name]?.from ?? null });
  }
  return changes;
}

type ForAll = {
  readonly name: string;
  /** Of each broker that told. */
  readonly all: readonly SettingLayers[];
  readonly wanted: readonly DesiredLiveSettings[];
  /** What is set for the cluster now. */
  readonly now: string | null;
  /** Kafka keeps it for the cluster alone, and always has a value. */
  readonly clusterOnly: boolean;
  /** Whether kctl set it. */
  readonly ours: boolean;
};

/** What is to be set live for the whole cluster: what all want; what is there, where nothing needs to be done. */
function forTheCluster({ name, all, wanted, now, clusterOnly, ours }: ForAll): string | null {
  const values = new Set(wanted.map(({ settings }) => settings[name]?.value ?? null));
  const shared = clusterOnly || (values.size === 1 && !perBrokerOnly.has(name));
  const want = shared ? ([...values].find((value) => value !== null) ?? null) : null;
  if (want !== null)
    return all.every((layers) => holds(layers, want) || holds({ ...layers, broker: null }, want)) ? now : want;
  const stale = all.some(staleFile);
  // With eligible leader replicas Kafka itself took it over from a file that kctl wrote.
  const fromFile = clusterOnly && now !== null && all.some(({ file }) => file !== null && sameValue(file, now));
  if (!ours && !fromFile && (now !== null || !shared)) return now;
  if (!stale && !clusterOnly) return ours ? null : now;
  return all.map((layers) => layers.default).find((value) => value !== null) ?? now;
}

/** What is to be set live on one broker, whatever is set for the cluster being so already. */
function forTheBroker(layers: SettingLayers, want: string | null, ours: boolean): string | null {
  const { broker, cluster, default: kafkas } = layers;
  if (want !== null) {
    if (holds(layers, want)) return broker;
    return ours && holds({ ...layers, broker: null }, want) ? null : want;
  }
  if (!ours && broker !== null) return broker;
  // It is in the broker's file no longer, and would hold until a restart.
  return cluster === null && staleFile(layers) ? kafkas : null;
}

/** What is set live, and what the broker runs with all the same. */
export type Untaken = {
  readonly broker: number;
  readonly name: string;
  readonly set: string;
  readonly inForce: string;
};

/**
 * Settings that a broker did not take: Kafka asks one broker whether a value for the whole cluster is good, and another that
 * refuses it only says so in its log. That one then takes no other setting of the cluster either, until it restarts.
 */
export function untaken(wanted: readonly DesiredLiveSettings[], { brokers }: ObservedSettings): readonly Untaken[] {
  return wanted.flatMap(({ broker, settings }) =>
    Object.keys(settings).flatMap((name) => {
      const layers = brokers.get(broker)?.[name];
      const set = layers?.broker ?? layers?.cluster ?? null;
      const inForce = layers?.inForce ?? null;
      return set === null || inForce === null || sameValue(set, inForce) ? [] : [{ broker, name, set, inForce }];
    }),
  );
}

function holds({ broker, cluster, file, default: kafkas }: SettingLayers, want: string): boolean {
  return sameValue(broker ?? cluster ?? file ?? kafkas, want);
}

/** The broker still runs with what its file said when it started, and that is not what Kafka would do without. */
function staleFile({ file, default: kafkas }: SettingLayers): boolean {
  return file !== null && !sameValue(file, kafkas);
}
