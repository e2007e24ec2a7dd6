/** The small types that the spec's keys are made of, each with the words that messages use for it. */
import { z } from "zod";

export const roles = ["zookeeper", "controller", "broker", "connect", "burrow"] as const;

export type FormatName =
  | "size"
  | "duration"
  | "version"
  | "host-name"
  | "cluster-name"
  | "topic-name"
  | "addresses"
  | "broker-address"
  | "jvm-flag"
  | "coordinates"
  | "sha512"
  | "setting";

/** What a value of the format is, as it ends the sentence "`heap` takes ...". */
export const formatPhrases: Readonly<Record<FormatName, string>> = {
  size: "a size such as `512MiB` or `4GiB`",
  duration: "a duration such as `30s`, `10m` or `4h`",
  version: "a version of three numbers, such as `3.9.1`",
  "host-name": "text of lower-case letters, digits and inner hyphens",
  "cluster-name": "text of lower-case letters, digits and inner hyphens, a letter first",
  "topic-name": "text of letters, digits, dots, hyphens and underscores",
  addresses: "a range of addresses such as `10.0.0.0/8`",
  "broker-address": "an address such as `broker.example.com:9092`",
  "jvm-flag": "one flag of the JVM, such as `-XX:+UseZGC`",
  coordinates: "Maven coordinates, GROUP:ARTIFACT:VERSION",
  sha512: "a SHA-512, 128 hexadecimal digits",
  setting: "text, a number, or true or false",
};

const formats = z.registry<{ format: FormatName }>();

/** The format that a schema was made with; null for one that has none. */
export function formatOf(schema: z.core.$ZodType): FormatName | null {
  return formats.get(schema)?.format ?? null;
}

function format<T extends z.ZodType>(name: FormatName, schema: T): T {
  formats.add(schema, { format: name });
  return schema;
}

const sizeUnits = { MiB: 1, GiB: 1024, TiB: 1024 * 1024 } as const;

/** `512MiB`, `4GiB`; in MiB once read. */
export const size = format(
  "size",
  z
    .string()
    .regex(/^[1-9][0-9]{0,6}(MiB|GiB|TiB)$/)
    .transform((text) => Number.parseInt(text, 10) * sizeUnits[text.slice(-3) as keyof typeof sizeUnits]),
);

const durationUnits = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `30s`, `10m`, `4h`, `2d`; in seconds once read. */
export const duration = format(
  "duration",
  z
    .string()
    .regex(/^[1-9][0-9]{0,6}[smhd]$/)
    .transform((text) => Number.parseInt(text, 10) * durationUnits[text.slice(-1) as keyof typeof durationUnits]),
);

export const port = z.int().min(1).max(65_535);

export const version = format("version", z.string().regex(/^(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}$/));

/** RFC 1123's label, in lower case: what a host may be called. */
export const label = format("host-name", z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/));

/** A cluster's name stands in unit names, paths and tags. */
export const clusterName = format("cluster-name", z.string().regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/));

export const topicName = format("topic-name", z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/));

export const cidr = format("addresses", z.string().regex(/^[0-9a-fA-F.:]+\/[0-9]{1,3}$/));

/** `auto` is the address that whoever runs kctl comes from. */
export const cidrOrAuto = format("addresses", z.string().regex(/^[0-9a-fA-F.:]+\/[0-9]{1,3}$|^auto$/));

/** `HOST:PORT`; an IPv6 address stands in brackets. */
export const brokerAddress = format(
  "broker-address",
  z
    .string()
    .regex(/^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]):([1-9][0-9]{0,4})$/)
    .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535)
    .transform((text) => {
      const colon = text.lastIndexOf(":");
      return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
    }),
);

export const coordinates = format(
  "coordinates",
  z.string().regex(/^[A-Za-z0-9_.-]{1,200}:[A-Za-z0-9_.-]{1,200}:[A-Za-z0-9_.-]{1,100}$/),
);

export const sha512 = format("sha512", z.string().regex(/^[0-9A-Fa-f]{128}$/));

export const text = z.string().min(1);

const setting = format("setting", z.string());

/** Settings of a program's own file: any name, taken as spelled. */
export const settings = z.record(z.string(), setting);

const secret = z.strictObject({
  secret: z.union([z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })]),
});

/** Where a secret comes from: the text of a file, or a variable of kctl's own environment. */
export type Secret = z.output<typeof secret>["secret"];

/** Settings of which each may be a secret. */
export const settingsWithSecrets = z.record(z.string(), z.union([setting, secret]));

/** Spaces are allowed inside (paths), but not another flag after a space. */
export const jvmFlags = z.array(
  format("jvm-flag", z.string().regex(/^-(?!.*\s-)[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$/)),
);

export const advertise = z.enum(["name", "address", "private", "public"]);
