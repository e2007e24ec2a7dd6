/** Brings the artifacts that the cluster needs into the cache, verified. */
import pLimit from "p-limit";
import { cacheFolder } from "../artifacts/cache.ts";
import { fetchArtifact, type FetchedArtifact } from "../artifacts/fetch.ts";
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { artifactsOf } from "../services/desired-state.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";

export async function fetch(context: Context): Promise<{ readonly artifacts: readonly FetchedArtifact[] }> {
  const { spec, provider } = await openCluster(context);
  const { env, emit, signal } = context;
  const options = {
    cache: cacheFolder(env, context.platform, context.home),
    mirror: spec.artifacts?.mirror ?? null,
    env,
    emit,
    signal,
  };
  const limit = pLimit(context.concurrency);
  const wanted = artifactsOf(resolveCluster(spec, provider.platform, noKnownIds));
  return { artifacts: await Promise.all(wanted.map((artifact) => limit(() => fetchArtifact(artifact, options)))) };
}
