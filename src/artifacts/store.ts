/** The archives in the cache: each with its digest and its origin beside it. */
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Artifact } from "../services/desired.ts";
import { archivePath, officialNames } from "./cache.ts";
import { digestFile, parseDigestFile, sha512Of } from "./digest.ts";
import type { Got } from "./sources/source.ts";

export type FetchedArtifact = {
  readonly name: Artifact["name"];
  readonly version: string;
  /** The archive in the cache. */
  readonly path: string;
  readonly sha512: string;
  /** Where it came from in the first place: an address, a folder, `maven`. */
  readonly source: string;
};

export type Stored =
  | { readonly state: "whole"; readonly fetched: FetchedArtifact }
  | { readonly state: "absent" }
  | { readonly state: "damaged"; readonly why: string };

async function textOf(path: string): Promise<string | null> {
  return await readFile(path, "utf8").catch(() => null);
}

/** What stands beside the archive, which itself is not read. */
async function told(cache: string, artifact: Artifact): Promise<Stored> {
  const path = archivePath(cache, artifact);
  const { file } = officialNames(artifact);
  const found = await stat(path).catch(() => null);
  if (found === null) return { state: "absent" };
  const text = await textOf(`${path}.sha512`);
  if (text === null) return { state: "damaged", why: `${path} has no ${file}.sha512 beside it` };
  const sha512 = parseDigestFile(text, file);
  if (sha512 === null) return { state: "damaged", why: `${path} is not what ${file}.sha512 says` };
  const source = (await textOf(`${path}.source`))?.trim() ?? "cache";
  return { state: "whole", fetched: { name: artifact.name, version: artifact.version, path, sha512, source } };
}

/** The archive as it is said to be, for whoever fetches it from its source and checks it: the cache's own copy may be damaged. */
export async function saidToBe(cache: string, artifact: Artifact): Promise<FetchedArtifact | null> {
  const found = await told(cache, artifact);
  return found.state === "whole" ? found.fetched : null;
}

export async function lookUp(cache: string, artifact: Artifact, signal: AbortSignal): Promise<Stored> {
  const found = await told(cache, artifact);
  if (found.state !== "whole") return found;
  const { path, sha512 } = found.fetched;
  if (sha512 === (await sha512Of(path, signal))) return found;
  return { state: "damaged", why: `${path} is not what ${officialNames(artifact).file}.sha512 says` };
}

/** Resolves once it is on the disk. */
export async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Takes a checked archive out of a work folder. The digest goes last: an archive without one is not taken for whole. */
export async function store(cache: string, artifact: Artifact, got: Got): Promise<FetchedArtifact> {
  const path = archivePath(cache, artifact);
  await mkdir(dirname(path), { recursive: true });
  await sync(got.path);
  const aside = { digest: `${got.path}.digest`, source: `${got.path}.source` };
  await writeFile(aside.digest, digestFile(got.sha512, officialNames(artifact).file));
  await writeFile(aside.source, `${got.source}\n`);
  await rm(`${path}.sha512`, { force: true });
  await rename(aside.source, `${path}.source`);
  await rename(got.path, path);
  await rename(aside.digest, `${path}.sha512`);
  return { name: artifact.name, version: artifact.version, path, sha512: got.sha512, source: got.source };
}

export async function forget(cache: string, artifact: Artifact): Promise<void> {
  const path = archivePath(cache, artifact);
  for (const name of [`${path}.sha512`, `${path}.source`, path]) await rm(name, { force: true });
}
