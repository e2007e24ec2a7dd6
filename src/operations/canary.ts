/** `--canary`: records go through the brokers while servers are restarted, and the first fault of one ends the roll. */
import { KctlError, faultsOf } from "../fault.ts";
import { membersOf } from "../cluster/cluster.ts";
import type { Canary } from "../kafka/canary/canary.ts";
import { canaryTopic } from "../kafka/canary/topic.ts";
import { cleanUpSeconds } from "../kafka/until.ts";
import { grouped } from "../report/canary-text.ts";
import { clientAddresses } from "./client-addresses.ts";
import type { Context } from "./context.ts";
import type { Watch } from "./roll/watch.ts";
import type { Survey } from "./survey.ts";

/** What went through; the interface's own, in the JSON result. */
export type CanaryReport = {
  /** Confirmed by every replica in sync. */
  readonly records: number;
  readonly read: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly altered: number;
  readonly late: number;
  readonly seconds: number;
  readonly partitions: number;
  /** The longest time in which a partition confirmed nothing; then which one, and what was going on. */
  readonly longestPauseMs: number;
  readonly partition: number | null;
  readonly during: string | null;
};

export type CanaryWatch = Watch & {
  /** null: nothing was restarted, so it never began. */
  readonly report: () => CanaryReport | null;
};

/**
 * What a healthy roll never costs, and what a stock client waits for before it tries again (its request.timeout.ms): moving leaders
 * away costs about a second, the session of a broker that was killed 6 to 18. A broker that is alone is given its restart besides.
 */
const lateSeconds = 30;

export function canaryWatch(context: Context): CanaryWatch {
  const { emit } = context;
  let canary: Canary | null = null;
  let started = 0;
  let ended: CanaryReport | null = null;
  let evidence = false;
  const say = (text: string): void => emit({ type: "message", text: `canary: ${text}` });
  const report = (): CanaryReport | null => ended ?? (canary === null ? null : reportOf(canary, started));
  const settle = async (settling: Promise<void>): Promise<void> => {
    try {
      await settling;
    } catch (error) {
      // What could not be waited for proves nothing.
      evidence ||= !context.signal.aborted;
      throw error;
    }
  };
  return {
    report,
    begin: async (survey) => {
      if (canary !== null) return;
      canary = await openCanary(survey, context);
      started = performance.now();
      say(`records flow through ${canary.partitions} partitions of ${canaryTopic.name}, and every broker leads one`);
      if (runningBrokers(survey) === 1)
        say("there is one broker only: while it restarts nobody takes its records, and that is the pause");
    },
    before: async (keys) => {
      if (canary === null) return;
      await settle(canary.settle());
      canary.during(`restart of ${keys.join(", ")}`);
    },
    after: async (keys) => {
      if (canary === null) return;
      await settle(canary.settle());
      canary.during(null);
      const { confirmed, pause } = canary.tally();
      say(
        `${grouped(confirmed)} records so far, none lost, after the restart of ${keys.join(", ")}; longest pause ${grouped(pause.ms)} ms`,
      );
    },
    end: async () => {
      if (canary === null) return;
      await settle(canary.finish());
      ended = reportOf(canary, started);
      await removed(canary, emit);
      canary = null;
    },
    giveUp: async () => {
      if (canary === null) return;
      ended ??= reportOf(canary, started);
      const left = canary;
      canary = null;
      const { records, lost, doubled, reordered, altered } = ended;
      const keeps = evidence || lost + doubled + reordered + altered > 0;
      const kept = keeps ? `; ${canaryTopic.name} is left to be looked at` : "";
      say(
        `ends here, after ${grouped(records)} records: ${grouped(lost)} lost, ${grouped(doubled)} doubled, ${grouped(reordered)} reordered${kept}`,
      );
      if (keeps) return left.leave();
      await removed(left, emit);
    },
  };
}

async function openCanary(survey: Survey, { signal, timeoutSeconds }: Context): Promise<Canary> {
  const { startCanary } = await import("../kafka/canary/canary.ts");
  const brokers = runningBrokers(survey);
  return startCanary({
    bootstrap: clientAddresses(survey.cluster),
    brokers,
    lateSeconds: brokers === 1 ? lateSeconds + timeoutSeconds : lateSeconds,
    signal,
    timeoutSeconds,
  }).catch(cannotBegin);
}

/** The caller's signal may be spent; and all has been proved by then, so that this fails is no reason to fail. */
async function removed(canary: Canary, emit: Context["emit"]): Promise<void> {
  await canary.remove(AbortSignal.timeout(cleanUpSeconds * 1000)).catch((error: unknown) => {
    const why = faultsOf(error).map(({ what }) => what);
    const what = `${canaryTopic.name} could not be deleted: ${why.join("; ")}`;
    emit({ type: "warning", fault: { code: "kafka-refused", what, fix: "the next canary removes it" } });
  });
}

function cannotBegin(error: unknown): never {
  if (!(error instanceof KctlError)) throw error;
  const faults = error.faults.map((fault) =>
    fault.code === "interrupted"
      ? fault
      : { ...fault, what: `the canary cannot begin, and nothing was restarted: ${fault.what}` },
  );
  throw new KctlError(faults, { cause: error });
}

function runningBrokers({ cluster, observed }: Pick<Survey, "cluster" | "observed">): number {
  return membersOf(cluster, "broker").filter(
    ({ node, key }) => observed.hosts[node]?.processes[key]?.state === "running",
  ).length;
}

function reportOf(canary: Canary, started: number): CanaryReport {
  const { confirmed, read, lost, doubled, reordered, altered, late, pause } = canary.tally();
  return {
    records: confirmed,
    read,
    lost,
    doubled,
    reordered,
    altered,
    late,
    seconds: Math.round(performance.now() - started) / 1000,
    partitions: canary.partitions,
    longestPauseMs: Math.round(pause.ms),
    partition: pause.partition,
    during: pause.during,
  };
}
