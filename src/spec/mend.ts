/** For a text that is not of its format: what exactly is wrong with it, and what to write instead. */
import {
  brokerAddress,
  clusterName,
  coordinates,
  duration,
  formatPhrases,
  jvmFlags,
  label,
  sha512,
  size,
  topicName,
  version,
  type FormatName,
} from "./formats.ts";
import { lookAlikes } from "./look-alikes.ts";
import { kafkaMinors, newestKafkas } from "./versions.ts";
import { listed, shown } from "./words.ts";

/** `what` is null where "`key` takes ..., not ..." says it all. */
export type Mend = { readonly what: string | null; readonly fix: string };

const schemas = {
  size,
  duration,
  version,
  "host-name": label,
  "cluster-name": clusterName,
  "topic-name": topicName,
  "broker-address": brokerAddress,
  coordinates,
  sha512,
} as const;

/** Whether a text is right as it stands. */
export function fits(format: FormatName | null, text: string): boolean {
  if (format === null) return text !== "";
  if (format === "setting") return true;
  if (format === "jvm-flag") return jvmFlags.safeParse([text]).success;
  return format !== "addresses" && schemas[format].safeParse(text).success;
}

/** @param example of another program's version than Kafka's; null: it is Kafka's, whose versions kctl knows */
export function mendText(format: FormatName, text: string, example: string | null): Mend {
  switch (format) {
    case "size":
      return { what: null, fix: mendSize(text) };
    case "duration":
      return { what: null, fix: mendDuration(text) };
    case "version":
      return { what: null, fix: mendVersion(text, example) };
    case "host-name":
    case "cluster-name":
    case "topic-name":
      return mendName(format, text);
    case "addresses":
      return {
        what: null,
        fix: /^[0-9.]+$/.test(text) ? `write \`${text}/32\` for this one address` : "write `ADDRESS/BITS`",
      };
    case "broker-address":
      return { what: null, fix: mendAddress(text) };
    case "jvm-flag":
      return { what: null, fix: mendFlag(text) };
    case "coordinates":
      return { what: null, fix: "write them as `org.apache.kafka:connect-file:3.9.1`" };
    case "sha512":
      return { what: null, fix: "write what its makers publish, or what `sha512sum` prints" };
    case "setting":
      return { what: null, fix: "write the value as it would stand in Kafka's own file" };
  }
}

function mendSize(text: string): string {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*(?:([kmgt])(?:i?b)?)?$/i.exec(text.trim());
  if (match === null) return "write a whole number and its unit: `512MiB`, `4GiB`, `2TiB`";
  const [, number = "", unit] = match;
  if (unit === undefined) return `write the unit as well: ${listed([`${number}MiB`, `${number}GiB`], "or")}`;
  const mebibytes =
    Number(number) * { k: 1 / 1024, m: 1, g: 1024, t: 1024 * 1024 }[unit.toLowerCase() as "k" | "m" | "g" | "t"];
  if (mebibytes < 1) return "write at least `1MiB`";
  const whole = Math.round(mebibytes);
  const written = whole % 1024 === 0 ? `${whole / 1024}GiB` : `${whole}MiB`;
  return `write ${shown(written)}`;
}

function mendDuration(text: string): string {
  const match = /^([0-9]+)\s*([a-z]*)$/i.exec(text.trim());
  if (match === null) return "write a whole number and its unit: `30s`, `10m`, `4h`, `2d`";
  const [, number = "", unit = ""] = match;
  if (unit === "") return `write the unit as well: ${listed([`${number}s`, `${number}m`, `${number}h`], "or")}`;
  const letter = unit[0]?.toLowerCase() ?? "";
  const written = `${Number(number)}${letter}`;
  return fits("duration", written) ? `write ${shown(written)}` : "the units are `s`, `m`, `h` and `d`";
}

function mendVersion(text: string, example: string | null): string {
  const full = /^v?([0-9]+\.[0-9]+\.[0-9]+)/.exec(text)?.[1];
  if (full !== undefined && fits("version", full)) return `write ${shown(full)}`;
  if (example !== null) return `write all three numbers, such as ${shown(example)}`;
  const [, minor] = /^v?([0-9]+\.[0-9]+)(?![0-9])/.exec(text) ?? [];
  const known = kafkaMinors.find((entry) => entry.minor === minor)?.patches.at(-1);
  return known === undefined
    ? `write all three numbers; the newest that this kctl knows are ${listed(newestKafkas(), "and")}`
    : `write all three numbers; the newest that this kctl knows is ${shown(known)}`;
}

function mendAddress(text: string): string {
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  if (parts.length > 1 && parts.every((part) => fits("broker-address", part)))
    return `write each as an item of its own: ${shown(`[${parts.join(", ")}]`)}`;
  const bare = text.replace(/^[A-Za-z_]+:\/\//, "");
  if (bare !== text && fits("broker-address", bare)) return `write ${shown(bare)}`;
  return fits("broker-address", `${text}:9092`)
    ? `write the port as well: ${shown(`${text}:9092`)}`
    : "write `HOST:PORT`";
}

const longest = { "host-name": 63, "cluster-name": 40, "topic-name": 249 } as const;

type NameFormat = "host-name" | "cluster-name" | "topic-name";

function mendName(format: NameFormat, text: string): Mend {
  const instead = nameInstead(format, text);
  const example = format === "topic-name" ? "`orders` or `orders.v2`" : "`kafka` or `kafka-2`";
  const fix = instead === null ? `choose a name such as ${example}` : `write ${shown(instead)}, for example`;
  const strange = [...text].find((letter) => (letter.codePointAt(0) ?? 0) > 126);
  if (strange !== undefined) return strangeLetter(strange, format, fix);
  if (text.length > longest[format])
    return {
      what: `this name has ${text.length} characters; ${longest[format]} is the most`,
      fix: "choose a shorter name",
    };
  return {
    what: `${shown(text)} cannot be a name here, which takes ${formatPhrases[format].replace("text of ", "")}`,
    fix,
  };
}

const whose = { "host-name": "a host's", "cluster-name": "a cluster's", "topic-name": "a topic's" } as const;

function strangeLetter(letter: string, format: NameFormat, fix: string): Mend {
  const code = `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  const twin = lookAlikes.get(letter.toLowerCase());
  if (twin !== undefined)
    return {
      what: `this name has the letter ${shown(letter)} (${code}), which only looks like \`${twin}\``,
      fix: `type \`${twin}\` in its place`,
    };
  const seen = /[\p{L}\p{N}\p{P}\p{S}]/u.test(letter)
    ? `the letter ${shown(letter)} (${code})`
    : `a character that cannot be seen (${code})`;
  return { what: `this name has ${seen}, which ${whose[format]} name cannot have`, fix };
}

/** Null where too little of the text could be kept for it to be what was meant. */
function nameInstead(format: NameFormat, text: string): string | null {
  const unlike = format === "topic-name" ? /[^A-Za-z0-9._-]+/g : /[^a-z0-9]+/g;
  const cased = format === "topic-name" ? text : text.toLowerCase();
  const cleaned = cased
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(unlike, "-")
    .replace(/^-+|-+$/g, "");
  const led = format === "cluster-name" && /^[0-9]/.test(cleaned) ? `kafka-${cleaned}` : cleaned;
  return fits(format, led) && cleaned.length >= text.length * 0.7 ? led : null;
}

function mendFlag(text: string): string {
  const parts = text.trim().split(/\s+(?=-)/);
  if (parts.length > 1) return `write each as an item of its own: \`[${parts.map((part) => `"${part}"`).join(", ")}]\``;
  if (text !== "" && !text.startsWith("-")) return "flags start with a hyphen";
  return "write it as on Java's command line";
}
