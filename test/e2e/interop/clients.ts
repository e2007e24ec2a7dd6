/** Kafka's clients, ours and those that are not, one like the other: kctl, the official Java tools, kcat, two libraries for Python. */
import { spawn } from "node:child_process";
import { isUtf8 } from "node:buffer";
import { join } from "node:path";
import { inject } from "vitest";
import { javaEnv, javaTool } from "../java-tools.ts";
import type { Place } from "../kctl.ts";
import {
  fromJava,
  fromJson,
  fromKcat,
  fromKctl,
  fromLines,
  javaForm,
  kcatForm,
  toJson,
  type Bytes,
  type Got,
  type Sent,
} from "./forms.ts";

export const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type Codec = (typeof codecs)[number];

/** Where it is tried: a cluster, and what its clients come from. */
export type Side = { readonly at: Place; readonly version: string; readonly python: string };

export type Client = {
  readonly name: string;
  readonly codecs: readonly Codec[];
  /** Whether it has a way to write this one. */
  readonly writes: (record: Sent) => boolean;
  /** In their order, once for each codec, with the header `by` before the others: `NAME/CODEC`. */
  readonly write: (side: Side, topic: string, records: readonly Sent[], codecs: readonly Codec[]) => Promise<void>;
  /** All that is there. @param count so many they are: not every program can tell where the end is */
  readonly read: (side: Side, topic: string, count: number) => Promise<readonly Got[]>;
};

/** Those of most records: some programs give the same ones to all records of a run. */
export const usualHeaders: Sent["headers"] = [
  ["text", Buffer.from("grün 𝄞")],
  ["empty", Buffer.alloc(0)],
];

export const bootstrapOf = ({ at }: Side): string => `127.0.0.1:${at.port}`;

/** What a program prints, given that on its standard input. */
export async function output(side: Side, argv: readonly string[], input: string | Buffer = ""): Promise<Buffer> {
  const [command = "", ...args] = argv;
  const kctls = command === inject("kctl");
  // Java starts in no folder whose name its locale cannot spell.
  const child = spawn(command, args, kctls ? { cwd: side.at.folder, env: side.at.env } : { cwd: "/", env: javaEnv });
  const out: Buffer[] = [];
  let err = "";
  child.stdout.on("data", (bytes: Buffer) => void out.push(bytes));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (exit !== 0) throw new Error(`${argv.join(" ")} ended with ${exit}: ${err}`);
  return Buffer.concat(out);
}

const nothing = "~";

/** KEY, a tab, VALUE, a line each. */
function lines(records: readonly Sent[], nullText: string): Buffer {
  const bytes = (some: Bytes): Buffer => some ?? Buffer.from(nullText);
  return Buffer.concat(
    records.flatMap(({ key, value }) => [bytes(key), Buffer.from("\t"), bytes(value), Buffer.from("\n")]),
  );
}

const isLine = ({ key, value }: Sent): boolean =>
  [key, value].every((some) => some === null || !(some.includes("\n") || some.includes("\t")));
const hasUsualHeaders = ({ headers }: Sent): boolean => headers === usualHeaders;
const isNull = ({ key, value }: Sent): boolean => key === null || value === null;

const kctlClient: Client = {
  name: "kctl",
  codecs: ["none", "gzip", "zstd"],
  writes: (record) => isLine(record) && hasUsualHeaders(record),
  write: async (side, topic, records, some) => {
    for (const codec of some) {
      const headers = [["by", Buffer.from(`kctl/${codec}`)] as const, ...usualHeaders];
      const given = headers.flatMap(([name, value]) => ["--header", `${name}=${value?.toString() ?? ""}`]);
      const form = ["--key-separator", String.raw`\t`, "--null", nothing, "--compression", codec];
      await output(side, [inject("kctl"), "produce", topic, ...form, ...given], lines(records, nothing));
    }
  },
  read: async (side, topic) => {
    const out = await output(side, [inject("kctl"), "consume", topic, "--json"]);
    return fromLines(fromKctl)(out);
  },
};

const java: Client = {
  name: "java",
  codecs,
  writes: (record) =>
    isLine(record) &&
    hasUsualHeaders(record) &&
    [record.key, record.value].every((some) => isUtf8(some ?? Buffer.of())),
  write: async (side, topic, records, some) => {
    const tool = [javaTool(side.version, "kafka-console-producer"), "--bootstrap-server", bootstrapOf(side)];
    const form = ["parse.key=true", "parse.headers=true", `null.marker=${nothing}`].flatMap((one) => [
      "--property",
      one,
    ]);
    await Promise.all(
      some.map(async (codec) =>
        output(
          side,
          [...tool, "--topic", topic, ...form, "--compression-codec", codec],
          Buffer.concat(records.flatMap((one) => [javaHeaders(codec), lines([one], nothing)])),
        ),
      ),
    );
  },
  read: async (side, topic, count) => {
    const tool = [javaTool(side.version, "kafka-console-consumer"), "--bootstrap-server", bootstrapOf(side)];
    const end = ["--from-beginning", "--max-messages", String(count), "--timeout-ms", "15000"];
    return fromJava(await output(side, [...tool, "--topic", topic, ...end, ...javaForm]));
  },
};

function javaHeaders(codec: Codec): Buffer {
  const headers = [["by", `java/${codec}`], ...usualHeaders.map(([name, value]) => [name, value?.toString() ?? ""])];
  return Buffer.from(`${headers.map((one) => one.join(":")).join(",")}\t`);
}

const kcat: Client = {
  name: "kcat",
  codecs,
  writes: (record) => isLine(record) && hasUsualHeaders(record),
  write: async (side, topic, records, some) => {
    for (const codec of some) {
      const headers = usualHeaders.flatMap(([name, value]) => ["-H", `${name}=${value?.toString() ?? ""}`]);
      const tool = ["kcat", "-P", "-b", bootstrapOf(side), "-t", topic, "-K", "\t", "-z", codec];
      const argv = [...tool, "-X", "partitioner=murmur2_random", "-H", `by=kcat/${codec}`, ...headers];
      // What is empty is null in one run, and empty in the other.
      await output(
        side,
        argv,
        lines(
          records.filter((one) => !isNull(one)),
          "",
        ),
      );
      const nulls = records.filter(isNull);
      if (nulls.length > 0) await output(side, [...argv, "-Z"], lines(nulls, ""));
    }
  },
  read: async (side, topic) =>
    fromKcat(await output(side, ["kcat", "-C", "-b", bootstrapOf(side), "-t", topic, "-e", "-q", "-f", kcatForm])),
};

export const pythonClients = join(import.meta.dirname, "clients.py");

function inPython(name: string, writes: Client["writes"]): Client {
  return {
    name,
    codecs,
    writes,
    write: async (side, topic, records, some) => {
      const argv = [side.python, pythonClients, name, "produce", bootstrapOf(side), topic, ...some];
      await output(side, argv, records.map((one) => `${JSON.stringify(toJson(one))}\n`).join(""));
    },
    read: async (side, topic) => {
      const out = await output(side, [side.python, pythonClients, name, "read", bootstrapOf(side), topic]);
      return fromLines((line) => [fromJson(line)])(out);
    },
  };
}

/** kafka-python refuses records of nothing at all, and headers without a value. */
const isSomething = ({ key, value, headers }: Sent): boolean =>
  (key !== null || value !== null) && headers.every(([, bytes]) => bytes !== null);

export const ours = kctlClient;
export const clients: readonly Client[] = [
  ours,
  java,
  kcat,
  inPython("kafka-python", isSomething),
  inPython("confluent", () => true),
];
