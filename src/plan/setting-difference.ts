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
  /** Kafka's own; null: none, or not told. */
  readonly default: string | null;
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
  const layersOf = (broker: number): SettingLayers => brokers.get(broker)?.[name] ?? nothing;
  const values = new Set(wanted.map(({ settings }) => settings[name]?.value ?? null));
  const clusterNow = told.map(({ broker }) => layersOf(broker).cluster).find((value) => value !== null) ?? null;
  const why = wanted.map(({ settings }) => settings[name]?.from).find((from) => from !== undefined) ?? null;
  const same = values.size === 1 || (elr && name === minIsr);
  const want = same ? ([...values].find((value) => value !== null) ?? null) : null;
  const changes: SettingDifference[] = [];
  let cluster = clusterNow;
  const setCluster = (to: string | null): void => {
    if (to === cluster || (to !== null && cluster !== null && sameValue(to, cluster))) return;
    changes.push({ name, broker: null, from: clusterNow, to, why });
    cluster = to;
  };
  const holds = ({ broker, file, default: kafkas }: SettingLayers): string | null =>
    broker ?? cluster ?? file ?? kafkas;

  if (want !== null) {
    if (told.some(({ broker }) => !isValue(holds(layersOf(broker)), want))) setCluster(want);
  } else if (before.cluster.includes(name) || same) {
    const kafkas = told.map(({ broker }) => layersOf(broker).default).find((value) => value !== null) ?? null;
    const stale = told.some(({ broker }) => staleFile(layersOf(broker)));
    if (before.cluster.includes(name) && !stale && !(elr && name === minIsr)) setCluster(null);
    else if ((stale || before.cluster.includes(name)) && kafkas !== null) setCluster(kafkas);
  }

  for (const { broker, settings } of told) {
    const layers = layersOf(broker);
    const mine = settings[name];
    const own = before.brokers[String(broker)]?.includes(name) === true;
    const set = (to: string | null): number =>
      changes.push({ name, broker, from: layers.broker, to, why: mine?.from ?? null });
    const below = cluster ?? layers.file ?? layers.default;
    if (mine === undefined) {
      if (same) {
        if (own && layers.broker !== null) set(null);
      } else if (own || staleFile(layers)) {
        // Others have it, this one no longer: it goes back to what Kafka has.
        const to = isValue(below, layers.default) ? null : layers.default;
        if (to === null ? own && layers.broker !== null : !isValue(layers.broker, to)) set(to);
      }
    } else if (!isValue(layers.broker ?? below, mine.value)) {
      set(own && isValue(below, mine.value) ? null : mine.value);
    }
  }
  return changes;
}

/** The broker still runs with what its file said when it started, and that is not what Kafka would do without. */
function staleFile({ file, default: kafkas }: SettingLayers): boolean {
  return file !== null && !isValue(file, kafkas);
}

function isValue(one: string | null, other: string | null): boolean {
  return one === other || (one !== null && other !== null && sameValue(one, other));
}
