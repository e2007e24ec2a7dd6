/** Proves that records go through the cluster. */
import { membersOf } from "../cluster/cluster.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { knownIdsOf, parseReceipt } from "../plan/receipt.ts";
import { KctlError } from "../fault.ts";
import type { SmokeResult } from "../kafka/smoke-test/result.ts";
import { clientAddresses } from "./client-addresses.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { withLock } from "./with-lock.ts";

export async function smokeTest(context: Context, { keep }: { readonly keep: boolean }): Promise<SmokeResult> {
  const { spec, provider } = await openCluster(context);
  // Under the lock: a second smoke test would take this one's topic for what a killed run left behind.
  return withLock(provider, "smoke-test", async () => {
    const receipt = await provider.readReceipt();
    if (receipt === null)
      throw new KctlError({
        code: "no-cluster",
        what: `there is no cluster ${spec.name} here`,
        fix: "bring it up first: `kctl up`",
      });
    const cluster = resolveCluster(spec, provider.platform, knownIdsOf(parseReceipt(receipt)));
    const { smokeTest: run } = await import("../kafka/smoke-test/smoke-test.ts");
    const { emit, signal, timeoutSeconds } = context;
    return await run({
      bootstrap: clientAddresses(cluster),
      brokers: membersOf(cluster, "broker").length,
      keep,
      emit,
      signal,
      timeoutSeconds,
    });
  });
}
