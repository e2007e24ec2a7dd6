/** Brings the artifacts that the cluster needs into the cache, verified. */
import pLimit from "p-limit";
import { cacheFolder } from "../artifacts/cache.ts";
import { fetchArtifact, prepareArtifact, type FetchedArtifact } from "../artifacts/fetch.ts";
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import type { Artifact, ClassArchive } from "../services/desired.ts";
import { artifactsOf, classArchivesOf } from "../services/desired-state.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { explained, serverJava, unknownJava } from "./server-java.ts";
import { classArchiveIn } from "./wanted.ts";
import { tryToMake } from "./class-archives.ts";

export type Fetched = {
  readonly artifacts: readonly FetchedArtifact[];
  /** Archives of loaded classes, where the servers run on this machine. */
  readonly classArchives: readonly ClassArchive[];
};

export async function fetch(context: Context): Promise<Fetched> {
  const { spec, provider } = await openCluster(context);
  const { env, emit, signal } = context;
  const cache = cacheFolder(env, context.platform, context.home);
  const options = { cache, mirror: spec.artifacts?.mirror ?? null, env, emit, signal };
  const limit = pLimit(context.concurrency);
  const isHere = provider.platform.machine === null;
  // Which Java machines of their own lack is known once they were looked at.
  const java = isHere ? await serverJava(spec, null, cache, context) : unknownJava;
  const cluster = resolveCluster(spec, provider.platform, noKnownIds);
  const wanted: readonly Artifact[] = [...artifactsOf(cluster), ...(java.temurin === null ? [] : [java.temurin])];
  const one = async (artifact: Artifact): Promise<FetchedArtifact> => {
    try {
      const fetched = await fetchArtifact(artifact, options);
      if (isHere) await prepareArtifact(artifact, options);
      return fetched;
    } catch (error) {
      throw explained(error, artifact, java);
    }
  };
  const artifacts = await Promise.all(wanted.map((artifact) => limit(one, artifact)));
  const classArchives = isHere ? classArchivesOf(cluster, classArchiveIn(spec, cluster, java, cache)) : [];
  const made = await Promise.all(classArchives.map((archive) => tryToMake(archive, { ...options, java })));
  return { artifacts, classArchives: made.flat() };
}
