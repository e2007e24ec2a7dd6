/** Sizes and times as people write them, in the unit that a setting of Kafka counts in: the end of its name says which. */
import { shown } from "./words.ts";

const powers: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };

const inMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const words: Readonly<Record<string, string>> = {
  millisecond: "ms",
  milli: "ms",
  second: "s",
  minute: "m",
  hour: "h",
  day: "d",
  week: "w",
};

type Meant = { readonly value: string; readonly fix: string };

/** Null where the text is no number with a unit, or the setting does not count in one. */
export function inUnitOf(name: string, text: string): Meant | null {
  const [, digits, unit] = /^([0-9][0-9_,' ]{0,30}(?:\.[0-9]{1,6})?(?:e[0-9]{1,2})?) ?([a-z]{0,12})$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return null;
  const number = Number(digits.replace(/[_,' ]/g, ""));
  if (unit === "") return whole(number, "");
  const lower = unit.toLowerCase();
  if (ofBytes.test(name)) return size(number, lower, `${digits.trim()} `);
  return time(number, lower, name);
}

const ofBytes = /bytes$|\.size$/;

/** ` of bytes`, as it follows "a whole number"; empty where the name does not say what is counted. */
export function unitOf(name: string): string {
  if (name.endsWith("bytes")) return " of bytes";
  const unit = timeUnits.find(([end]) => end.test(name));
  return unit === undefined ? "" : ` of ${unit[2]}`;
}

/** Whoever writes GB may mean either: the fix says which it counts. */
function size(number: number, unit: string, digits: string): Meant | null {
  const [, letter, rest] = /^([kmgt]?)(i?b|bytes?|)$/.exec(unit) ?? [];
  const power = letter === undefined ? undefined : powers[letter];
  if (power === undefined) return null;
  const note = letter === "" || rest === "ib" ? "" : `, which is ${digits}${letter?.toUpperCase() ?? ""}iB`;
  return whole(number * 1024 ** power, note, "Kafka counts it in bytes: ");
}

const timeUnits: readonly (readonly [end: RegExp, ms: number, noun: string])[] = [
  [/\.ms$|\.millis$/, 1, "milliseconds"],
  [/\.sec(ond)?s$/, 1000, "seconds"],
  [/\.minutes$/, 60_000, "minutes"],
  [/\.hours$/, 3_600_000, "hours"],
];

function time(number: number, unit: string, name: string): Meant | null {
  const counts = timeUnits.find(([end]) => end.test(name));
  const single = unit.length > 3 ? unit.replace(/s$/, "") : unit;
  const ms = inMs[words[single] ?? single];
  if (counts === undefined || ms === undefined) return null;
  return whole((number * ms) / counts[1], "", `Kafka counts it in ${counts[2]}: `);
}

function whole(number: number, note: string, before = ""): Meant | null {
  if (!Number.isSafeInteger(number)) return null;
  return { value: String(number), fix: `${before}write ${shown(String(number))}${note}` };
}
