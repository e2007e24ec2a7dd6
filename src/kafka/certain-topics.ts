/** Topics, where it matters that one is not there: brokers that just started know of each other before they know of topics. */
import { KctlError } from "../fault.ts";
import type { Address } from "./address.ts";
import { askController } from "./ask-controller.ts";
import { topicStates, type ObservedTopic } from "./topic-state.ts";
import { until } from "./until.ts";
import { createTopics } from "./wire/create-topics.ts";

/** What the controller answers for a topic that is not there: it could be made, or its name or a policy is against it. */
const answersOfAbsence: ReadonlySet<number> = new Set([0, 17, 44]);

/**
 * Every topic; those of `names` that are not among them are not there. null: nobody told for certain in time.
 * @param timeoutMs for one request
 * @param waitMs for brokers that answer and know too little yet
 */
export async function certainTopics(
  bootstrap: readonly Address[],
  names: readonly string[],
  signal: AbortSignal,
  timeoutMs: number,
  waitMs: number,
): Promise<readonly ObservedTopic[] | null> {
  try {
    return await until("every topic to be known", waitMs / 1000, signal, async () => {
      const topics = await topicStates(bootstrap, signal, timeoutMs);
      if (topics === null) return { done: null };
      const there = new Set(topics.map(({ name }) => name));
      const missing = names.filter((name) => !there.has(name));
      const absent = missing.length === 0 || (await areAbsent(missing, bootstrap, signal, timeoutMs));
      return absent ? { done: topics } : { still: `the controller knows of ${missing.join(", ")}` };
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KctlError) return null;
    throw error;
  }
}

/** Asks the one that knows whether they could be made, without making them. */
async function areAbsent(
  names: readonly string[],
  bootstrap: readonly Address[],
  signal: AbortSignal,
  timeoutMs: number,
): Promise<boolean> {
  const smallest = { partitions: 1, replicas: 1 };
  const wanted = names.map((name) => ({ name, layout: smallest, settings: {} }));
  const answers = await askController({ bootstrap, signal, timeoutMs }, createTopics(wanted, timeoutMs, true), (told) =>
    told.map(({ error }) => error),
  );
  return answers.every(({ error }) => answersOfAbsence.has(error));
}
