/**
 * Proves that the cluster goes on without one of its brokers: one that leads is stopped in order and started again, as a roll does
 * it, while records go through with acks=all. It is the one that a roll would begin with, which is not the controller as long as
 * another may go: how long an election of controllers takes is another question than what the loss of a leader costs.
 */
import { membersOf } from "../cluster/cluster.ts";
import { faultsOf } from "../fault.ts";
import type { SmokeCheck, SmokeResult } from "../kafka/smoke-test/result.ts";
import { mustStillHold } from "../providers/must-still-hold.ts";
import type { Lock } from "../providers/provider.ts";
import { grouped } from "../report/canary-text.ts";
import { canaryWatch, type CanaryReport } from "./canary.ts";
import type { Context } from "./context.ts";
import type { OpenCluster } from "./open-cluster.ts";
import { mustBeCurrent } from "./restart.ts";
import { gate } from "./roll/gate.ts";
import { looker, processOf } from "./roll/look.ts";
import { restartServer } from "./roll/restart-server.ts";
import { serverJava } from "./server-java.ts";
import { mustReachAll, survey, type Survey } from "./survey.ts";

/** `broker`: which was stopped; null: none was. */
export type FailoverReport = CanaryReport & { readonly broker: string | null };

export type FailoverResult = Pick<SmokeResult, "faults"> & {
  readonly check: SmokeCheck;
  /** null: no record was sent. */
  readonly report: FailoverReport | null;
};

type Stopped = { broker: string | null };

export async function failover({ spec, provider }: OpenCluster, lock: Lock, context: Context): Promise<FailoverResult> {
  const start = performance.now();
  context.emit({ type: "check-started", name: "failover" });
  const watch = canaryWatch(context);
  const stopped: Stopped = { broker: null };
  const resultOf = (ok: boolean, detail: string, faults: FailoverResult["faults"]): FailoverResult => {
    const seconds = Math.round(performance.now() - start) / 1000;
    const check = { name: "failover", ok, detail, seconds, waited: 0 } as const;
    context.emit({ type: "check", ...check });
    const sent = watch.report();
    return { check, faults, report: sent === null ? null : { ...sent, ...stopped } };
  };
  try {
    const seen = await survey(spec, provider, (receipt, cache) => serverJava(spec, receipt, cache, context), context);
    if (membersOf(seen.cluster, "broker").length === 1)
      return resultOf(true, "not applicable: there is one broker only, and nobody to take over from it", []);
    mustReachAll(seen);
    mustBeCurrent(seen);
    await watch.begin(seen);
    await stopAndStart(seen, lock, context, watch, stopped);
    await watch.end();
    return resultOf(true, proved(stopped.broker ?? "", watch.report()), []);
  } catch (error) {
    context.signal.throwIfAborted();
    const faults = faultsOf(error);
    return resultOf(false, faults.map(({ what }) => what).join("; "), faults);
  } finally {
    await watch.giveUp();
  }
}

async function stopAndStart(
  seen: Survey,
  lock: Lock,
  context: Context,
  watch: ReturnType<typeof canaryWatch>,
  stopped: Stopped,
): Promise<void> {
  const brokers = new Set(membersOf(seen.cluster, "broker").map(({ key }) => key));
  const opened = await gate("broker", brokers, looker(seen, context.signal), context);
  const [key = ""] = opened.keys;
  for (const what of opened.warnings) context.emit({ type: "warning", fault: { code: "unhealthy", what } });
  await mustStillHold(lock);
  await watch.before([key]);
  stopped.broker = key;
  await restartServer(processOf(seen, key), seen, context);
  await watch.after([key]);
}

function proved(broker: string, report: CanaryReport | null): string {
  if (report === null) throw new RangeError("no record was sent");
  const { records, longestPauseMs, partition } = report;
  return `${broker} was stopped and started again while ${grouped(records)} records went through, each confirmed by all replicas in sync: none is lost, doubled or out of order, and its replicas are back in sync; the longest pause was ${grouped(longestPauseMs)} ms (partition ${partition ?? "unknown"})`;
}
