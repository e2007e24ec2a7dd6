/** The cache that all tests of a user share, so that Maven's jars are put together once on a machine. */
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { prepareArtifact, type FetchedArtifact } from "../../src/artifacts/fetch.ts";
import type { Artifact } from "../../src/services/desired.ts";

export const sharedCache = process.env["KCTL_TEST_CACHE"] ?? join(tmpdir(), `kctl-test-cache-${userInfo().uid}`);

/** Costs seconds the first time, milliseconds afterwards; several at once wait for each other. */
export async function prepareShared(artifact: Artifact): Promise<FetchedArtifact> {
  const signal = new AbortController().signal;
  return await prepareArtifact(artifact, {
    cache: sharedCache,
    mirror: null,
    env: process.env,
    emit: () => undefined,
    signal,
  });
}
