/** Brings an artifact into the cache from the first source that can give it, and unpacks it. */
import { mkdir, mkdtemp, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KctlError } from "../fault.ts";
import type { Emit } from "../report/events.ts";
import type { Artifact } from "../services/desired.ts";
import { archivePath, officialNames, softwareFolder, workFolder } from "./cache.ts";
import { isReady, readMarker, writeMarker } from "./ready.ts";
import { isOfThisMachine, reasonOf, unavailable, type Failure } from "./reason.ts";
import { adoptiumApi, adoptiumSource } from "./sources/adoptium.ts";
import { apacheSites, apacheSource } from "./sources/apache.ts";
import { burrowSource } from "./sources/burrow.ts";
import { exporterSource } from "./sources/exporter.ts";
import { mavenSource } from "./sources/maven.ts";
import { mirrorSource } from "./sources/mirror.ts";
import { pluginSource } from "./sources/plugin.ts";
import type { Source } from "./sources/source.ts";
import { forget, lookUp, store, type FetchedArtifact } from "./store.ts";
import { provenHome } from "./temurin.ts";
import { withTurn } from "./turn.ts";
import { unpack } from "./unpack.ts";

export type { FetchedArtifact };

export type FetchOptions = {
  readonly cache: string;
  /** A folder, a `file:` or an `http(s):` address; null: none. */
  readonly mirror: string | null;
  readonly env: NodeJS.ProcessEnv;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Instead of the usual ones: for tests. */
  readonly sources?: readonly Source[];
};

const progressMs = 250;

function sourcesOf({ name }: Artifact, options: FetchOptions): readonly Source[] {
  if (options.sources !== undefined) return options.sources;
  if (name === "burrow") return [burrowSource(options.mirror)];
  const mirror = options.mirror === null ? [] : [mirrorSource(options.mirror)];
  if (name === "java") return [...mirror, adoptiumSource(adoptiumApi)];
  if (name === "connect-plugin") return [...mirror, pluginSource];
  if (name === "jmx-exporter") return [...mirror, exporterSource];
  return [...mirror, ...apacheSites.map(apacheSource), mavenSource];
}

/** A few events a second, and always the last one. */
function progressOf(artifact: Artifact, source: string, emit: Emit): (bytes: number, total: number | null) => void {
  let next = 0;
  return (bytes, total) => {
    const now = performance.now();
    if (now < next && bytes !== total) return;
    next = now + progressMs;
    emit({ type: "download", artifact: artifact.name, source, bytes, total });
  };
}

function inTurn<T>(artifact: Artifact, options: FetchOptions, work: (inner: FetchOptions) => Promise<T>): Promise<T> {
  const text = `another kctl is fetching ${artifact.name} ${artifact.version}: waiting for it`;
  const onWait = (): void => options.emit({ type: "message", text });
  const folder = workFolder(options.cache, artifact);
  return withTurn({ folder, signal: options.signal, onWait }, (signal) => work({ ...options, signal }));
}

/** Only with the turn: from the cache, else from the first source that has it. */
async function obtain(artifact: Artifact, options: FetchOptions): Promise<FetchedArtifact> {
  const { cache, env, emit, signal } = options;
  const failures: Failure[] = [];
  const fail = (source: string, why: string): void => {
    failures.push({ source, why });
    emit({ type: "source-failed", artifact: artifact.name, source, why });
  };
  const stored = await lookUp(cache, artifact, signal);
  if (stored.state === "whole") return stored.fetched;
  if (stored.state === "damaged") fail("cache", stored.why);
  for (const source of sourcesOf(artifact, options)) {
    const progress = progressOf(artifact, source.name, emit);
    try {
      const got = await source.get({ artifact, folder: workFolder(cache, artifact), env, signal, progress });
      return await store(cache, artifact, got);
    } catch (error) {
      signal.throwIfAborted();
      if (isOfThisMachine(error, cache)) throw error;
      fail(source.name, reasonOf(error));
    }
  }
  throw unavailable(artifact, failures);
}

/** Afterwards the archive is in the cache, whole. */
export async function fetchArtifact(artifact: Artifact, options: FetchOptions): Promise<FetchedArtifact> {
  const stored = await lookUp(options.cache, artifact, options.signal);
  if (stored.state === "whole") return stored.fetched;
  return await inTurn(artifact, options, (inner) => obtain(artifact, inner));
}

/** The folder that the archive was unpacked to. Only the archives of Java have a top of any name, and links. */
async function unpackAside(
  artifact: Artifact,
  { path }: FetchedArtifact,
  aside: string,
  options: FetchOptions,
): Promise<string> {
  const { signal } = options;
  const { folder } = officialNames(artifact);
  if (artifact.name !== "java") return join(aside, await unpack(path, aside, { top: folder, links: false }, signal));
  const top = await unpack(path, aside, { top: null, links: true }, signal);
  return await provenHome(join(aside, top), artifact, options);
}

async function unpackIntoPlace(artifact: Artifact, fetched: FetchedArtifact, options: FetchOptions): Promise<void> {
  const { cache } = options;
  const target = softwareFolder(cache, artifact);
  const aside = await mkdtemp(join(workFolder(cache, artifact), "unpack-"));
  let unpacked: string;
  try {
    unpacked = await unpackAside(artifact, fetched, aside, options);
  } catch (error) {
    // It would be refused for ever, even when its source has a better one.
    if (error instanceof KctlError) await forget(cache, artifact);
    throw error;
  }
  await writeMarker(unpacked, artifact, { sha512: fetched.sha512, source: fetched.source });
  await mkdir(dirname(target), { recursive: true });
  // Something that is not whole may stand there; servers that run from it keep what they have open.
  await rename(target, join(aside, "before")).catch(() => undefined);
  try {
    await rename(unpacked, target);
  } catch (error) {
    if (!(await isReady(cache, artifact))) throw error;
  }
}

/** Afterwards the software is unpacked, whole. Costs a few milliseconds where it is so already. */
export async function prepareArtifact(artifact: Artifact, options: FetchOptions): Promise<FetchedArtifact> {
  const ready = async (): Promise<FetchedArtifact | null> => {
    const marker = await readMarker(options.cache, artifact);
    if (marker === null) return null;
    const { name, version, sha512, source } = marker;
    return { name, version, path: archivePath(options.cache, artifact), sha512, source };
  };
  const before = await ready();
  if (before !== null) return before;
  return await inTurn(artifact, options, async (inner) => {
    const meanwhile = await ready();
    if (meanwhile !== null) return meanwhile;
    const fetched = await obtain(artifact, inner);
    await unpackIntoPlace(artifact, fetched, inner);
    return fetched;
  });
}
