/** Whether Kafka would take a value for a setting, by the type and the bounds that its own table gives; else what to write. */
import type { FaultCode } from "../fault-codes.ts";
import { nearest } from "./nearest.ts";
import type { SettingInfo, SettingValues, TopicSettingInfo } from "./setting-info.ts";
import { inUnitOf, unitOf } from "./setting-units.ts";
import { listed, shown } from "./words.ts";

/** `takes`: what the setting takes, without what was given instead. */
export type ValueFault = { readonly code: FaultCode; readonly takes: string; readonly fix: string };

type Info = SettingInfo | TopicSettingInfo;

/** Kafka's own trimming comes first: blanks around a value do no harm. */
export function valueFault(info: Info, value: string): ValueFault | null {
  // A provider of values puts in what stands there when the server starts.
  if (value.includes("${")) return null;
  const text = value.trim();
  switch (info.type) {
    case "boolean":
      return /^(true|false)$/i.test(text) ? null : notBoolean(text);
    case "short":
    case "int":
    case "long":
    case "double":
      return numberFault(info, text);
    case "list":
      return listFault(info, text);
    case "string":
    case "class":
    case "password":
      return textFault(info, text);
  }
}

function notBoolean(text: string): ValueFault {
  const word = /^(yes|y|on|1|enabled?)$/i.test(text)
    ? "`true`"
    : /^(no|n|off|0|disabled?)$/i.test(text)
      ? "`false`"
      : null;
  return { code: "spec-wrong-type", takes: "takes `true` or `false`", fix: `write ${word ?? "one of them"}` };
}

const bits = { short: 16n, int: 32n, long: 64n } as const;

function numberFault(info: Info, text: string): ValueFault | null {
  const form =
    info.type === "double" ? /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$/ : /^[+-]?[0-9]{1,40}$/;
  if (!form.test(text)) {
    const meant = inUnitOf(info.name, text);
    const fix = meant !== null && fits(info, meant.value) ? meant.fix : instead(info);
    return { code: "spec-wrong-type", takes: phrase(info, meant?.value ?? text), fix };
  }
  return fits(info, text) ? null : { code: "spec-bad-value", takes: phrase(info, text), fix: instead(info) };
}

function fits({ type, values }: Info, text: string): boolean {
  if (overflow(type, text) !== null) return false;
  if (values?.kind !== "range") return true;
  const value = Number(text);
  return values.also.includes(value) || (value >= (values.from ?? -Infinity) && value <= (values.to ?? Infinity));
}

/** The most that the type can hold, where the number is beyond it. */
function overflow(type: Info["type"], text: string): bigint | null {
  if (type !== "short" && type !== "int" && type !== "long") return null;
  if (!/^[+-]?[0-9]+$/.test(text)) return null;
  const end = 1n << (bits[type] - 1n);
  const value = BigInt(text.replace(/^\+/, ""));
  return value < -end || value >= end ? end - 1n : null;
}

/** `takes a whole number of milliseconds from 1`. */
function phrase({ name, type, values }: Info, text: string): string {
  const noun = type === "double" ? "a number" : `a whole number${unitOf(name)}`;
  if (values?.kind !== "range") return `takes ${noun}${fromTo(null, overflow(type, text))}`;
  const also = values.also.map((one) => `, or ${one}`).join("");
  return `takes ${noun}${fromTo(values.from, values.to ?? overflow(type, text))}${also}`;
}

function fromTo(from: number | null, to: number | bigint | null): string {
  if (from === null) return to === null ? "" : ` up to ${to}`;
  return to === null ? ` from ${from}` : ` from ${from} to ${to}`;
}

function instead({ default: standard }: Info): string {
  return standard === null ? "write such a number" : `write such a number; Kafka's default is ${shown(standard)}`;
}

function listFault({ values }: Info, text: string): ValueFault | null {
  if (values?.kind !== "words") return null;
  const items = text === "" ? [] : text.split(",").map((item) => item.trim());
  const wrong = items.find((item) => !values.words.includes(item));
  if (wrong === undefined) return null;
  const takes = `takes one or more of ${listed(values.words, "and")}`;
  return { code: "spec-bad-value", takes, fix: wordInstead(values, wrong) };
}

function textFault({ values }: Info, text: string): ValueFault | null {
  if (values?.kind === "not-empty" && text === "")
    return { code: "spec-bad-value", takes: "takes text that is not empty", fix: "give it a value, or take it out" };
  if (values?.kind !== "words") return null;
  const { words, anyCase } = values;
  if (words.includes(anyCase ? text.toUpperCase() : text)) return null;
  const [first = "", ...others] = words;
  // An empty text is refused like any other; a single word would be a strange choice.
  const takes = others.length === 0 ? `takes ${shown(first)}` : `takes ${listed(words, "or")}`;
  return { code: "spec-bad-value", takes, fix: wordInstead(values, text) };
}

function wordInstead({ words }: Extract<SettingValues, { kind: "words" }>, text: string): string {
  const near = nearest(text, words);
  return near === null ? "write one of them" : `did you mean ${shown(near)}?`;
}
