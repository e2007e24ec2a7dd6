/**
 * Numbered records that go through the cluster while something is done to it: a producer and a consumer for each partition of a
 * topic of kctl's own, of which every broker leads one at least, and the account of what was confirmed and what was read.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { KctlError, faultsOf, type Fault } from "../../fault.ts";
import { askBroker, benchOf, type Bench } from "../smoke-test/bench.ts";
import { createTopic, topicReady } from "../smoke-test/make-topic.ts";
import { reachBrokers } from "../smoke-test/reach.ts";
import { removeTopic } from "../smoke-test/remove-topic.ts";
import { layOut } from "../smoke-test/topic.ts";
import { earlierRecords } from "../smoke-test/whose-topic.ts";
import type { Address } from "../address.ts";
import { cleanUpSeconds, until } from "../until.ts";
import { errorName } from "../wire/error-names.ts";
import { initProducerId } from "../wire/init-producer-id.ts";
import { account as newAccount, type Account, type Tally } from "./account.ts";
import type { ProducerId as Producer } from "../records/batch-builder.ts";
import { awakeClock, type Clock } from "./clock.ts";
import { readPartition } from "./consumer.ts";
import { findingText } from "./finding.ts";
import { writePartition } from "./producer.ts";
import { canaryTopic } from "./topic.ts";

export type Canary = {
  readonly partitions: number;
  /** Resolves once all that was sent up to now is confirmed and read; throws at the first fault of any record. */
  settle(): Promise<void>;
  /** From now on this is going on; null: nothing is. */
  during(what: string | null): void;
  tally(): Tally;
  /** Sends no more, and settles. */
  finish(): Promise<void>;
  /** Ends it wherever it is, and removes its topic. */
  remove(signal: AbortSignal): Promise<void>;
  /** Ends it wherever it is, and leaves its topic. */
  leave(): Promise<void>;
};

export type CanaryOptions = {
  readonly bootstrap: readonly Address[];
  /** How many brokers must be there. */
  readonly brokers: number;
  /** After this many seconds, what is not confirmed, or not read, is late. */
  readonly lateSeconds: number;
  /** Ends whatever is waited for; the flow itself is ended by its own functions. */
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
};

const lookMs = 20;

export async function startCanary(options: CanaryOptions): Promise<Canary> {
  const start = benchOf({ ...options, topic: canaryTopic });
  const bench: Bench = { ...start, brokers: await reachBrokers(start, options.brokers) };
  const layout = layOut(bench.brokers.map(({ id }) => id));
  if ((await earlierRecords(bench)) !== null) await removeTopic(bench);
  let made = false;
  try {
    await createTopic(bench, layout);
    made = true;
    await topicReady(bench, layout);
    const producer = await newProducer(bench);
    const canary = flowing(bench, layout.length, producer, options.lateSeconds * 1000);
    await canary.settle().catch(async (error: unknown) => {
      await canary.leave();
      throw error;
    });
    return canary;
  } catch (error) {
    // Where it was refused, one that is there is somebody's; where it was interrupted, it may have been made.
    const own = AbortSignal.timeout(cleanUpSeconds * 1000);
    if (made || options.signal.aborted)
      await removeTopic({ ...bench, signal: own, seconds: cleanUpSeconds }).catch(() => undefined);
    throw error;
  }
}

/** Any broker gives one out, once the cluster has given it a block of them. */
async function newProducer(bench: Bench): Promise<Producer> {
  return until("an id for the canary's producer", bench.seconds, bench.signal, async () => {
    const asked = await Promise.allSettled(bench.brokers.map(({ at }) => askBroker(bench, at, initProducerId())));
    const answers = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const done = answers.find(({ error }) => error === 0);
    if (done !== undefined) return { done };
    const [first] = answers;
    return { still: first === undefined ? "no broker answers" : `Kafka answers ${errorName(first.error)}` };
  });
}

type Workers = {
  readonly writers: Promise<void>;
  readonly readers: Promise<void>;
  readonly stopWriting: () => void;
  readonly end: () => Promise<void>;
  /** What ended one of them, and should not have. */
  readonly broken: () => unknown;
};

function flowing(bench: Bench, partitions: number, producer: Producer, lateMs: number): Canary {
  const clock = awakeClock();
  const account = newAccount(partitions, lateMs);
  const workers = startWorkers(bench, partitions, producer, account, clock);
  const look = (): void => {
    const finding = account.finding(clock.now());
    if (finding !== null) throw failed(findingText(finding), account.tally(clock.now()));
    const broken = workers.broken();
    if (broken !== null)
      throw failed(
        faultsOf(broken)
          .map(({ what }) => what)
          .join("; "),
        account.tally(clock.now()),
      );
  };
  const settle = async (): Promise<void> => {
    for (const reached = account.mark(); ; await delay(lookMs)) {
      look();
      if (reached()) return;
      bench.signal.throwIfAborted();
    }
  };
  return {
    partitions,
    settle,
    during: (what) => account.during(what),
    tally: () => account.tally(clock.now()),
    finish: async () => {
      workers.stopWriting();
      const written = workers.writers.then(() => true);
      while (!(await Promise.race([written, delay(lookMs, false)]))) {
        look();
        bench.signal.throwIfAborted();
      }
      await settle();
    },
    remove: async (signal) => {
      await workers.end();
      await removeTopic({ ...bench, signal, seconds: Math.min(bench.seconds, cleanUpSeconds) });
    },
    leave: workers.end,
  };
}

function startWorkers(bench: Bench, partitions: number, producer: Producer, account: Account, clock: Clock): Workers {
  const over = new AbortController();
  const stopping = new AbortController();
  const run = randomBytes(6).toString("hex");
  let broken: unknown = null;
  const watched = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!over.signal.aborted) broken ??= error;
    });
  };
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const writer = { bench, run, producer, account, clock, partitions, stopping: stopping.signal };
  const writers = all.map((partition) => watched(writePartition(writer, partition, over.signal)));
  const readers = all.map((partition) =>
    watched(readPartition({ bench, run, account, clock }, partition, over.signal)),
  );
  const done = async (works: readonly Promise<void>[]): Promise<void> => void (await Promise.all(works));
  return {
    writers: done(writers),
    readers: done(readers),
    stopWriting: () => stopping.abort(),
    broken: () => broken,
    end: async () => {
      stopping.abort();
      over.abort();
      await done([...writers, ...readers]);
      clock.stop();
    },
  };
}

function failed(what: string, { confirmed, read }: Tally): KctlError {
  const fault: Fault = {
    code: "canary-failed",
    what: `the canary stopped it: ${what}`,
    fix: `see \`kctl status\` and the brokers' logs; ${canaryTopic.name} is left to be looked at, and the next canary removes it`,
    detail: `${confirmed} records were confirmed until then, and ${read} read`,
  };
  return new KctlError(fault);
}
