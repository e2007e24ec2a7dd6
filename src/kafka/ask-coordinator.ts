/** Asks the broker that coordinates a consumer group: found, waited for until it serves, and found anew where it moved. */
import { KctlError } from "../fault.ts";
import { addressText, type Address, type AddressMap } from "./address.ts";
import { askBrokers } from "./ask-brokers.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { until, type Look } from "./until.ts";
import { errorName, refusal } from "./wire/error-names.ts";
import { unreachableWhy, withBroker, type Message } from "./wire/exchange.ts";
import { findCoordinator } from "./wire/find-coordinator.ts";

/** What a coordinator says that is still loading its groups, or is none (any more): COORDINATOR_LOAD_IN_PROGRESS and the next two. */
const passing: ReadonlySet<number> = new Set([14, 15, 16]);

export type Coordinators = {
  readonly bootstrap: readonly Address[];
  readonly map: AddressMap;
  readonly signal: AbortSignal;
  /** The deadline of the wait for one that serves. */
  readonly seconds: number;
  /** Of the groups that were asked for already. */
  readonly coordinators: Map<string, Address>;
  /** Counts how long none served. */
  readonly waits: Stopwatch;
};

/** Only for requests that may come twice: one whose answer was lost is sent again. */
export async function askCoordinator<Answer>(
  options: Coordinators,
  group: string,
  message: Message<Answer>,
  timeoutMs: number,
  errorsIn: (answer: Answer) => readonly number[],
): Promise<Answer> {
  const { signal, seconds, coordinators, waits } = options;
  const waiting: { end: (() => void) | null } = { end: null };
  try {
    return await until(`the coordinator of the group ${group}`, seconds, signal, async () => {
      const seen = await askOnce(options, group, message, timeoutMs, errorsIn);
      if ("done" in seen) return seen;
      coordinators.delete(group);
      waiting.end ??= waits.start();
      return seen;
    });
  } finally {
    waiting.end?.();
  }
}

async function askOnce<Answer>(
  options: Coordinators,
  group: string,
  message: Message<Answer>,
  timeoutMs: number,
  errorsIn: (answer: Answer) => readonly number[],
): Promise<Look<Answer>> {
  const { signal, coordinators } = options;
  const known = coordinators.get(group);
  const found = known === undefined ? await find(options, group, timeoutMs) : { done: known };
  if ("still" in found) return found;
  coordinators.set(group, found.done);
  const where = addressText(found.done);
  try {
    const answer = await withBroker(found.done, signal, timeoutMs, (ask) => ask(message));
    const why = errorsIn(answer).find((error) => passing.has(error));
    return why === undefined ? { done: answer } : { still: `${where} answers ${errorName(why)}` };
  } catch (error) {
    signal.throwIfAborted();
    return { still: `${where} does not answer: ${unreachableWhy(error)}` };
  }
}

async function find(
  { bootstrap, map, signal }: Coordinators,
  group: string,
  timeoutMs: number,
): Promise<Look<Address>> {
  const addresses = bootstrap.map(({ host, port }) => map(host, port));
  const found = await askBrokers(addresses, findCoordinator(group), signal, timeoutMs, ({ error }) => error === 0);
  if (found === null) return { still: "no broker answers" };
  if (found.error === 0) return { done: map(found.host, found.port) };
  if (passing.has(found.error)) return { still: `there is none yet (${errorName(found.error)})` };
  throw new KctlError(refusal(`find the coordinator of the group ${group}`, found));
}
