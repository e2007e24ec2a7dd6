/** How each client prints a record, and reads one. */
import type { Line } from "../kctl.ts";

export type Bytes = Buffer | null;

export type Sent = {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly headers: readonly (readonly [name: string, value: Bytes])[];
};

export type Got = Sent & { readonly partition: number; readonly offset: number };

/** Of test/e2e/interop/clients.py: bytes are base64. */
export type JsonRecord = {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
};

const base64 = (bytes: Bytes): string | null => bytes?.toString("base64") ?? null;
const unbase64 = (text: string | null): Bytes => (text === null ? null : Buffer.from(text, "base64"));

export function toJson({ key, value, headers }: Sent): JsonRecord {
  return { key: base64(key), value: base64(value), headers: headers.map(([name, bytes]) => [name, base64(bytes)]) };
}

export function fromJson(line: string): Got {
  const told = JSON.parse(line) as JsonRecord & { readonly partition: number; readonly offset: number };
  const { partition, offset } = told;
  const headers = told.headers.map(([name, text]) => [name, unbase64(text)] as const);
  return { partition, offset, key: unbase64(told.key), value: unbase64(told.value), headers };
}

type Text = string | null;

type KctlRecord = Line & {
  readonly partition: number;
  readonly offset: number;
  readonly key: Text;
  readonly value: Text;
  readonly headers: Readonly<Record<string, Text>>;
  readonly keyBase64?: string;
  readonly valueBase64?: string;
  readonly headersBase64?: Readonly<Record<string, string>>;
  readonly headerList?: readonly { readonly name: string; readonly value: Text; readonly valueBase64?: string }[];
};

export function fromKctl(line: string): readonly Got[] {
  const told = JSON.parse(line) as KctlRecord;
  if (told.type !== "record") return [];
  const { partition, offset, headers, headersBase64, headerList } = told;
  const all =
    headerList?.map(({ name, value, valueBase64 }) => [name, bytesOf(value, valueBase64)] as const) ??
    Object.entries(headers).map(([name, text]) => [name, bytesOf(text, headersBase64?.[name])] as const);
  const key = bytesOf(told.key, told.keyBase64);
  return [{ partition, offset, key, value: bytesOf(told.value, told.valueBase64), headers: all }];
}

function bytesOf(text: Text, strange: string | undefined): Bytes {
  if (strange !== undefined) return Buffer.from(strange, "base64");
  return text === null ? null : Buffer.from(text);
}

const [next, end, none] = ["<|>", "<.>", "<null>"];

export const javaForm: readonly string[] = [
  "print.partition=true",
  "print.offset=true",
  "print.headers=true",
  "print.key=true",
  `key.separator=${next}`,
  `line.separator=${end}`,
  "headers.separator=<,>",
  `null.literal=${none}`,
].flatMap((one) => ["--property", one]);

/** In latin1 a character is a byte. */
export function fromJava(out: Buffer): readonly Got[] {
  const bytes = (text: string): Bytes => (text === none ? null : Buffer.from(text, "latin1"));
  return out
    .toString("latin1")
    .split(end)
    .slice(0, -1)
    .map((record) => {
      const [partition = "", offset = "", headers = "", key = "", value = ""] = record.split(next);
      return {
        // It may have warned of something before.
        partition: Number(partition.replace(/^.*Partition:/s, "")),
        offset: Number(offset.replace("Offset:", "")),
        key: bytes(key),
        value: bytes(value),
        headers: headers.split("<,>").map((one) => pair(one, ":", bytes)),
      };
    });
}

function pair(text: string, between: string, bytes: (text: string) => Bytes): readonly [string, Bytes] {
  const at = text.indexOf(between);
  return [Buffer.from(text.slice(0, at), "latin1").toString(), bytes(text.slice(at + 1))];
}

/** Lengths first: what follows them may have anything in it. */
export const kcatForm = String.raw`%p %o %K %S\n%k%s%h${end}`;

export function fromKcat(out: Buffer): readonly Got[] {
  const text = out.toString("latin1");
  const all: Got[] = [];
  for (let at = 0; at < text.length;) {
    const lengths = text.indexOf("\n", at);
    const [partition = 0, offset = 0, keyLength = 0, length = 0] = text.slice(at, lengths).split(" ").map(Number);
    at = lengths + 1;
    const take = (count: number): Bytes => {
      const bytes = Buffer.from(text.slice(at, at + Math.max(0, count)), "latin1");
      at += bytes.length;
      return count < 0 ? null : bytes;
    };
    const [key, value] = [take(keyLength), take(length)];
    const over = text.indexOf(end, at);
    const bytes = (some: string): Bytes => (some === "NULL" ? null : Buffer.from(some, "latin1"));
    const headers = text
      .slice(at, over)
      .split(",")
      .map((one) => pair(one, "=", bytes));
    at = over + end.length;
    all.push({ partition, offset, key, value, headers });
  }
  return all;
}

/** A line each; what is not a whole line yet is left out. */
export const fromLines =
  (parse: (line: string) => readonly Got[]) =>
  (out: Buffer): readonly Got[] =>
    out.toString().split("\n").slice(0, -1).flatMap(parse);
