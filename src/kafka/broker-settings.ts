/** The settings that brokers run with: which were set live, on one broker or for the whole cluster, and what holds in the end. */
import type { Address } from "./address.ts";
import { withBroker } from "./wire/exchange.ts";
import { describeManyConfigs, type ConfigEntry, type ConfigSource } from "./wire/describe-configs.ts";

export type SettingInForce = { readonly value: string | null; readonly source: ConfigSource };

/** A value is null where it is secret. */
export type LiveSettings = Readonly<Record<string, string | null>>;

/** Each place that can give a setting its value; the earliest that is not null holds. */
export type SettingLayers = Readonly<Record<"broker" | "cluster" | "file" | "default", string | null>> & {
  /** What the broker runs with: something else where it did not take what is set live. */
  readonly inForce: string | null;
};

export type BrokerSettings = {
  /** Those that can be changed live, and are not secret. */
  readonly layers: Readonly<Record<string, SettingLayers>>;
  /** Set live on this very broker. */
  readonly live: LiveSettings;
  /** What holds, wherever it is from. */
  readonly inForce: Readonly<Record<string, SettingInForce>>;
};

export type SettingsView = {
  /** Set live for all brokers; null: not known. */
  readonly cluster: LiveSettings | null;
  /** Each broker asked, by its id; null: it did not tell. */
  readonly brokers: ReadonlyMap<number, BrokerSettings | null>;
};

/**
 * Each broker tells of itself only, so all of them are asked.
 * @param names the settings to tell of; null: all, which takes a broker that has just started a while
 */
export async function brokerSettings(
  brokers: readonly { readonly id: number; readonly address: Address }[],
  signal: AbortSignal,
  timeoutMs = 5000,
  names: readonly string[] | null = null,
): Promise<SettingsView> {
  const told = await Promise.all(
    brokers.map(async ({ id, address }) => {
      const resources = [String(id), ""].map((name) => ({ type: "broker", name }) as const);
      try {
        return await withBroker(address, signal, timeoutMs, (ask) => ask(describeManyConfigs(resources, names, true)));
      } catch {
        signal.throwIfAborted();
        return [];
      }
    }),
  );
  const defaults = told.flat().find(({ name, error }) => name === "" && error === 0);
  return {
    cluster: defaults === undefined ? null : setBy("cluster", defaults.entries),
    brokers: new Map(
      brokers.map(({ id }, index) => {
        const own = told[index]?.find(({ name, error }) => name === String(id) && error === 0);
        return [id, own === undefined ? null : settingsOf(own.entries)];
      }),
    ),
  };
}

function settingsOf(entries: readonly ConfigEntry[]): BrokerSettings {
  const changeable = entries.filter(({ readOnly, secret }) => !readOnly && !secret);
  return {
    layers: Object.fromEntries(changeable.map((entry) => [entry.name, layersOf(entry)])),
    live: setBy("broker", entries),
    inForce: Object.fromEntries(entries.map(({ name, value, source }) => [name, { value, source }])),
  };
}

function layersOf({ name, value, layers }: ConfigEntry): SettingLayers {
  const from = (source: ConfigSource): string | null =>
    layers.find((layer) => layer.source === source && layer.name === name)?.value ?? null;
  return {
    broker: from("broker"),
    cluster: from("cluster"),
    file: from("file"),
    default: from("default") ?? byAnotherName(name, layers),
    inForce: value,
  };
}

const milliseconds = { ms: 1, minutes: 60_000, hours: 3_600_000 } as const;

/**
 * `log.retention.ms` has no default of its own: without it, `log.retention.minutes` or `.hours` say how long. Kafka tells of these
 * only while it is set.
 */
function byAnotherName(name: string, layers: ConfigEntry["layers"]): string | null {
  const other = layers.find((layer) => layer.name !== name && layer.value !== null);
  const unit = /\.(ms|minutes|hours)$/.exec(other?.name ?? "")?.[1] as keyof typeof milliseconds | undefined;
  if (other === undefined || other.value === null || unit === undefined || !name.endsWith(".ms")) return null;
  const counted = BigInt(other.value);
  return String(counted < 0n ? counted : counted * BigInt(milliseconds[unit]));
}

/** By the layers, since what is set for the cluster may lie below what is set on the broker. */
function setBy(source: ConfigSource, entries: readonly ConfigEntry[]): LiveSettings {
  return Object.fromEntries(
    entries.flatMap(({ name, layers }) => {
      const layer = layers.find((one) => one.source === source && one.name === name);
      return layer === undefined ? [] : [[name, layer.value]];
    }),
  );
}
