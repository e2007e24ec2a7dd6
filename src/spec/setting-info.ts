/** What each Kafka says of its own settings: type, default, the values that it takes, and how one can be changed. */
import { brokerTable } from "./settings/broker-table.ts";
import { topicTable } from "./settings/topic-table.ts";
import { isFrom } from "./versions.ts";

export type SettingType = "boolean" | "class" | "double" | "int" | "list" | "long" | "password" | "short" | "string";

/** What a setting takes, beyond its type. */
export type SettingValues =
  /** `also`: single values outside the range that have a meaning of their own. */
  | {
      readonly kind: "range";
      readonly from: number | null;
      readonly to: number | null;
      readonly also: readonly number[];
    }
  /** For a list: what each of its items may be. */
  | { readonly kind: "words"; readonly words: readonly string[]; readonly anyCase: boolean }
  | { readonly kind: "not-empty" };

type Info = {
  readonly name: string;
  readonly type: SettingType;
  /** null: none; what Kafka does then is its own affair. */
  readonly default: string | null;
  /** It has no default, and a server does not start without it. */
  readonly required: boolean;
  /** null: whatever its type can be. */
  readonly values: SettingValues | null;
  /** Kafka's own, for tests and emergencies: it works, but is not documented. */
  readonly internal: boolean;
};

export type SettingInfo = Info & {
  /** `read-only`: by a restart; `per-broker`: live, a broker at a time; `cluster-wide`: live, for all brokers as well. */
  readonly update: "read-only" | "per-broker" | "cluster-wide";
};

export type TopicSettingInfo = Info & {
  /** The brokers' settings that give its default: the first that is set, in units of their own (`log.retention.hours`). */
  readonly synonyms: readonly string[];
};

/** One of a broker or a controller; null where this minor does not know it, or kctl does not know the minor. */
export function settingInfo(minor: string, name: string): SettingInfo | null {
  return brokerSettings(minor)?.get(name) ?? null;
}

/** Read by listeners of their own, or fixed when they are made: Kafka changes them only together with a listener's name. */
const ofListeners = /^(ssl\.|sasl\.|principal\.builder\.class$|(advertised\.)?listeners$|listener\.)/;

/** Whether kctl changes a broker's setting without a restart. Secrets it does not: Kafka never tells whether they hold. */
export function isLiveSetting(minor: string, name: string): boolean {
  const info = settingInfo(minor, name);
  return info !== null && info.update !== "read-only" && info.type !== "password" && !ofListeners.test(name);
}

/** All of those; null for a Kafka whose settings are not known here. */
export function liveSettingNames(minor: string): readonly string[] | null {
  const names = settingNames(minor);
  return names === null ? null : [...names].filter((name) => isLiveSetting(minor, name));
}

/** What a controller reads for itself, of what can be changed live: its threads and connections. */
const ofControllers = /^(background\.threads|num\.(io|network)\.threads|max\.connection.*|metric\.reporters)$/;

/** The same for controllers: those of a dynamic quorum hear of such a change from 4.3 on (KAFKA-18928), before only by a restart. */
export function isLiveForControllers(minor: string, name: string): boolean {
  return isLiveSetting(minor, name) && (isFrom(minor, "4.3") || !ofControllers.test(name));
}

export function topicSettingInfo(minor: string, name: string): TopicSettingInfo | null {
  return topicSettings(minor)?.get(name) ?? null;
}

/** Null for a Kafka whose settings are not known here. */
export function settingNames(minor: string): ReadonlySet<string> | null {
  return namesOf(brokerSettings(minor));
}

export function topicSettingNames(minor: string): ReadonlySet<string> | null {
  return namesOf(topicSettings(minor));
}

/** The topic settings whose default a broker's setting gives. */
export function topicSettingsFrom(minor: string, brokerSetting: string): readonly string[] {
  const all = [...(topicSettings(minor)?.values() ?? [])];
  return all.flatMap(({ name, synonyms }) => (synonyms.includes(brokerSetting) ? [name] : []));
}

/** The minors whose settings are known here, the oldest first. */
export const settingMinors: readonly string[] = Object.keys(brokerTable)[0]?.split(" ") ?? [];

const brokerSettings = perMinor(brokerTable, (info, last): SettingInfo => {
  const mode = last.find((word) => word === "per-broker" || word === "cluster-wide");
  return { ...info, update: mode ?? "read-only" };
});

const topicSettings = perMinor(topicTable, (info, last): TopicSettingInfo => {
  const synonyms = last.find((word) => word !== "internal");
  return { ...info, synonyms: synonyms?.split(",") ?? [] };
});

function namesOf(settings: ReadonlyMap<string, Info> | null): ReadonlySet<string> | null {
  return settings === null ? null : new Set(settings.keys());
}

/** Read when they are first asked for. */
function perMinor<T extends Info>(
  table: Readonly<Record<string, string>>,
  finish: (info: Info, last: readonly string[]) => T,
): (minor: string) => ReadonlyMap<string, T> | null {
  const cache = new Map<string, ReadonlyMap<string, T>>();
  return (minor) => {
    if (!settingMinors.includes(minor)) return null;
    const known = cache.get(minor) ?? read(table, minor, finish);
    cache.set(minor, known);
    return known;
  };
}

function read<T extends Info>(
  table: Readonly<Record<string, string>>,
  minor: string,
  finish: (info: Info, last: readonly string[]) => T,
): ReadonlyMap<string, T> {
  const rows = Object.entries(table).flatMap(([minors, text]) =>
    minors.split(" ").includes(minor) ? text.trim().split("\n") : [],
  );
  return new Map(
    rows.map((row) => {
      const [name = "", type = "", standard = "", values = "", lastColumn = ""] = row.split(" | ");
      const last = lastColumn.split(" ").filter(Boolean);
      const info: Info = {
        name,
        type: type as SettingType,
        default: standard === "null" || standard === "required" ? null : standard === '""' ? "" : standard,
        required: standard === "required",
        values: valuesOf(values),
        internal: last.includes("internal"),
      };
      return [name, finish(info, last)];
    }),
  );
}

/** `1..9 or -1`, `one of a,b`, `some of a,b`, `any case of a,b`, `not empty`. */
function valuesOf(text: string): SettingValues | null {
  if (text === "") return null;
  if (text === "not empty") return { kind: "not-empty" };
  const [, how, words] = /^(one|some|any case) of (.*)$/.exec(text) ?? [];
  if (words !== undefined) return { kind: "words", words: words.split(","), anyCase: how === "any case" };
  const [range = "", also] = text.split(" or ");
  const [from = "", to = ""] = range.split("..");
  const bound = (end: string): number | null => (end === "" ? null : Number(end));
  return { kind: "range", from: bound(from), to: bound(to), also: also === undefined ? [] : [Number(also)] };
}
