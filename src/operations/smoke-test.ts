/** Proves that records go through the cluster. */
import { membersOf } from "../cluster/cluster.ts";
import type { SmokeResult } from "../kafka/smoke-test/result.ts";
import { clientAddresses } from "./client-addresses.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import type { FailoverReport } from "./failover.ts";
import { openCluster } from "./open-cluster.ts";
import { clusterThere } from "./open-kafka.ts";
import { withLock } from "./with-lock.ts";

export type SmokeTestOptions = {
  readonly keep: boolean;
  /** Stops one broker for a moment at the end. */
  readonly failover: boolean;
  /** Does not ask before it does. */
  readonly yes: boolean;
  /** Told what the checks found, before and after the failover. */
  readonly tested?: (result: SmokeResult) => void;
};

/** `failover`: null where no record was sent for it. */
export type SmokeTestResult = SmokeResult & { readonly failover: FailoverReport | null };

export async function smokeTest(
  context: Context,
  { keep, failover, yes, tested = () => undefined }: SmokeTestOptions,
): Promise<SmokeTestResult> {
  const open = await openCluster(context);
  const { spec, provider } = open;
  if (failover && !yes) await confirm(question(spec.name), "y", context);
  // Under the lock: a second smoke test would take this one's topic for what a killed run left behind.
  return withLock(provider, "smoke-test", async (lock) => {
    const cluster = await clusterThere(open);
    const { smokeTest: run } = await import("../kafka/smoke-test/smoke-test.ts");
    const { emit, signal, timeoutSeconds } = context;
    const bootstrap = clientAddresses(cluster);
    const result = await run({
      bootstrap,
      brokers: membersOf(cluster, "broker").length,
      keep,
      emit,
      signal,
      timeoutSeconds,
    });
    tested(result);
    if (!failover || !result.ok) return { ...result, failover: null };
    const { failover: stopOne } = await import("./failover.ts");
    const { check, faults, report } = await stopOne(open, lock, context);
    const seconds = Math.round((result.seconds + check.seconds) * 1000) / 1000;
    const why = new Map([...result.why, ...(check.ok ? [] : [[check.name, faults] as const])]);
    const all = { ...result, ok: check.ok, checks: [...result.checks, check], faults, why, seconds };
    tested(all);
    return { ...all, failover: report };
  });
}

function question(name: string): string {
  return `This stops one broker of ${name} and starts it again, while records are written. Go on? [y/N] `;
}
