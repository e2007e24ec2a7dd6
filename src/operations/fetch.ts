/** Brings the artifacts that the cluster needs into the cache, verified. */
import pLimit from "p-limit";
import { cacheFolder } from "../artifacts/cache.ts";
import { fetchArtifact, type FetchedArtifact } from "../artifacts/fetch.ts";
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import type { Artifact } from "../services/desired.ts";
import { artifactsOf } from "../services/desired-state.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { explained, serverJava } from "./server-java.ts";

export async function fetch(context: Context): Promise<{ readonly artifacts: readonly FetchedArtifact[] }> {
  const { spec, provider } = await openCluster(context);
  const { env, emit, signal } = context;
  const cache = cacheFolder(env, context.platform, context.home);
  const options = {
    cache,
    mirror: spec.artifacts?.mirror ?? null,
    env,
    emit,
    signal,
  };
  const limit = pLimit(context.concurrency);
  const java = await serverJava(spec, null, cache, context);
  const wanted: readonly Artifact[] = [
    ...artifactsOf(resolveCluster(spec, provider.platform, noKnownIds)),
    ...(java.temurin === null ? [] : [java.temurin]),
  ];
  const one = (artifact: Artifact): Promise<FetchedArtifact> =>
    fetchArtifact(artifact, options).catch((error: unknown) => {
      throw explained(error, artifact, java);
    });
  return { artifacts: await Promise.all(wanted.map((artifact) => limit(one, artifact))) };
}
