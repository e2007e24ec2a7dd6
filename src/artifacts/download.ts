/** Downloads a file whose digest is known. What is there of it already is gone on with, whichever source it came from. */
import { open, readFile, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { KctlError } from "../fault.ts";
import { shown } from "../services/web-address.ts";
import { hasDigest, type Digest } from "./digest.ts";
import { failed, get, type Answer, type GetOptions } from "./http.ts";

export type DownloadRequest = {
  readonly url: URL;
  readonly digest: Digest;
  readonly folder: string;
  readonly progress: (bytes: number, total: number | null) => void;
};

/** An official archive is some 120 MB. */
const longest = 1024 ** 3;
/** A connection may be cut any number of times, as long as each brings something. */
const mostVainTries = 3;

/** Where a part came from, and what its server calls that state of the file. */
type Origin = { readonly url: string; readonly validator: string | null };

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

async function originOf(part: string): Promise<Origin | null> {
  try {
    return JSON.parse(await readFile(`${part}.json`, "utf8")) as Origin;
  } catch {
    return null;
  }
}

function validatorOf({ headers }: Answer): string | null {
  // A weak tag says nothing about bytes.
  if (headers.etag !== undefined && !headers.etag.startsWith("W/")) return headers.etag;
  return headers["last-modified"] ?? null;
}

/** Headers that ask for the rest of a part; none where there is nothing to go on with. */
async function headersFor(url: URL, part: string, have: number): Promise<Record<string, string>> {
  if (have === 0) return {};
  const origin = await originOf(part);
  const known = origin?.url === shown(url) ? origin.validator : null;
  return { range: `bytes=${have}-`, ...(known === null ? {} : { "if-range": known }) };
}

/** Where the answer's body belongs in the file; null where the server cannot be relied on to say so. */
function placeOf(answer: Answer, have: number): { at: number; total: number | null } | null {
  const { status, headers } = answer;
  const length = headers["content-length"] === undefined ? null : Number(headers["content-length"]);
  if (status === 200) return { at: 0, total: length };
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
  if (status !== 206 || range === null || Number(range[1]) !== have) return null;
  const wanted = Number(range[2]) - have + 1;
  if (length !== null && length !== wanted) return null;
  return { at: have, total: range[3] === "*" ? null : Number(range[3]) };
}

async function append(
  file: FileHandle,
  answer: Answer,
  place: { at: number; total: number | null },
  { url, progress }: DownloadRequest,
): Promise<void> {
  let bytes = place.at;
  progress(bytes, place.total);
  for await (const chunk of answer.body) {
    if (bytes + chunk.length > Math.min(place.total ?? longest, longest))
      throw failed(`${shown(url)} is longer than it should be`);
    await file.writeFile(chunk);
    bytes += chunk.length;
    progress(bytes, place.total);
  }
}

/** A server that answers with another range than the one asked for. */
const lie = Symbol("lie");

/** One request for what is missing. Throws where the connection is cut; returns `lie` with the part thrown away. */
async function tryOnce(request: DownloadRequest, part: string, options: GetOptions): Promise<typeof lie | "sent"> {
  const { url } = request;
  const have = await sizeOf(part);
  const answer = await get(url, { ...options, headers: await headersFor(url, part, have) });
  const { status } = answer;
  if (status !== 200 && status !== 206) {
    answer.discard();
    // All of it is there, or more than all: the digest will tell.
    if (status === 416 && have > 0) return "sent";
    throw failed(`${shown(url)} answers with HTTP ${status}`);
  }
  const place = placeOf(answer, have);
  if (place === null) {
    answer.discard();
    await rm(part, { force: true });
    return lie;
  }
  const origin: Origin = { url: shown(url), validator: validatorOf(answer) };
  await writeFile(`${part}.json`, JSON.stringify(origin));
  const file = await open(part, place.at === 0 ? "w" : "a");
  try {
    await append(file, answer, place, request);
  } finally {
    await file.close();
  }
  return "sent";
}

function isCut(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return ["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ETIMEDOUT"].includes(String(code));
}

/** Goes on after each cut, until the server has sent all. True where the file was put together from several answers. */
async function complete(request: DownloadRequest, part: string, options: GetOptions): Promise<boolean> {
  let pieces = (await sizeOf(part)) > 0;
  for (let vain = 0; ; pieces = true) {
    const before = await sizeOf(part);
    try {
      if ((await tryOnce(request, part, options)) === "sent") return pieces;
      vain += 1;
      if (vain >= mostVainTries) throw failed(`${shown(request.url)} sends other ranges than it is asked for`);
    } catch (error) {
      if (!isCut(error)) throw error;
      // From the start again and cut at the same place is no progress either.
      vain = (await sizeOf(part)) > before && before > 0 ? 0 : vain + 1;
      if (vain >= mostVainTries) throw error;
    }
  }
}

async function isRight(request: DownloadRequest, part: string, signal: AbortSignal): Promise<boolean> {
  return (await sizeOf(part)) > 0 && (await hasDigest(part, request.digest, signal));
}

/** The path of the whole file, its digest checked. A part that is not whole stays where the next run finds it. */
export async function download(request: DownloadRequest, options: GetOptions): Promise<string> {
  const { signal } = options;
  const { algorithm, hex } = request.digest;
  const part = join(request.folder, `${hex.slice(0, 16)}.part`);
  const pieces = await complete(request, part, options);
  if (await isRight(request, part, signal)) return part;
  await rm(part, { force: true });
  if (pieces) {
    // One piece may have been of another file: once more, from the start.
    await complete(request, part, options);
    if (await isRight(request, part, signal)) return part;
    await rm(part, { force: true });
  }
  await rm(`${part}.json`, { force: true });
  throw new KctlError({
    code: "artifact-damaged",
    what: `${shown(request.url)} is not what its .${algorithm} says`,
  });
}
