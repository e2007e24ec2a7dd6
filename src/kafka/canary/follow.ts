/** Works on one partition at its leader, over a connection that stays, and goes with the leadership wherever it goes. */
import { setTimeout as delay } from "node:timers/promises";
import { KctlError } from "../../fault.ts";
import { passing } from "../passing-errors.ts";
import type { Bench } from "../smoke-test/bench.ts";
import { errorName } from "../wire/error-names.ts";
import type { Ask } from "../wire/exchange.ts";
import { withStandingBroker } from "../wire/standing.ts";
import { leaderOf } from "./leaders.ts";

/** A leader that is silent for this long is asked for anew. */
export const requestMs = 5000;
const pauseMs = 30;

/** Why the work could not go on here: an error that passes. */
class Elsewhere extends Error {}

/**
 * @param work returns once all is done; it is begun anew, at the leader of then, after a connection was lost or an error that
 *   passes. What else it throws ends it all.
 */
export async function atLeader(
  bench: Bench,
  partition: number,
  signal: AbortSignal,
  work: (ask: Ask) => Promise<void>,
): Promise<void> {
  for (let refused: number | null = null; ;) {
    const leader = await leaderOf(bench, partition, refused, signal);
    try {
      return await withStandingBroker(leader.at, signal, requestMs, work);
    } catch (error) {
      signal.throwIfAborted();
      const lost = error instanceof KctlError && error.faults[0]?.code === "kafka-unreachable";
      if (!lost && !(error instanceof Elsewhere)) throw error;
      refused = leader.id;
    }
    await delay(pauseMs, undefined, { signal });
  }
}

/** Throws where a broker answered an error: one that passes, or a fault. */
export function mustBeFine(error: number, doing: string): void {
  if (error === 0) return;
  const name = errorName(error);
  if (passing.has(name)) throw new Elsewhere(name);
  throw new KctlError({ code: "kafka-refused", what: `could not ${doing}: Kafka answered ${name}` });
}
