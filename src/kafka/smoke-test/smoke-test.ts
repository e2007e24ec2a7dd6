/** The smoke test: a topic of its own, records through every broker, consumer groups that read them, and proof of each step. */
import { randomUUID } from "node:crypto";
import type { Emit } from "../../report/events.ts";
import { addressText, type Address, type AddressMap } from "../address.ts";
import { benchOf, type Bench, type BrokerAt } from "./bench.ts";
import { checklist, said, together, type Checklist, type Proof } from "./checklist.ts";
import { cleanUp, cleanUpAfterAbort } from "./clean-up.ts";
import { groupChecks } from "./group-checks.ts";
import { warmUp } from "./groups.ts";
import { leadsAndFollows, topicViews } from "./leads-and-follows.ts";
import { createTopic, topicReady } from "./make-topic.ts";
import { leadersNow } from "./partitions.ts";
import { decode, readPartition, type ReadPartition, type ReadRecord } from "./read.ts";
import { reachBrokers, silentBrokers } from "./reach.ts";
import { keyedRecords, keylessRecords, numbered, sequenceRecords, type SmokeRecord } from "./records.ts";
import { removeTopic } from "./remove-topic.ts";
import { replicasInSync } from "./replicas.ts";
import type { SmokeResult } from "./result.ts";
import { testLog } from "./test-log.ts";
import { layOut, topicName, type Assignment } from "./topic.ts";
import { keylessSpread, keysKept, orderKept, readBack } from "./verify.ts";
import { earlierRecords } from "./whose-topic.ts";
import { writeRecords, type Confirmed } from "./write.ts";
import { until } from "../until.ts";

export type SmokeTestOptions = {
  /** Addresses as the brokers tell them to clients; `map` is applied to these too. */
  readonly bootstrap: readonly Address[];
  /** How many brokers the cluster should have. */
  readonly brokers: number;
  readonly keep: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** The deadline of each wait. */
  readonly timeoutSeconds: number;
  readonly map?: AddressMap;
};

export async function smokeTest(options: SmokeTestOptions): Promise<SmokeResult> {
  const { emit, signal, keep } = options;
  const over = new AbortController();
  const run = randomUUID();
  const state: { bench: Bench; warm: Promise<void> | null } = {
    bench: benchOf({ ...options, topic: testLog }),
    warm: null,
  };
  const list = checklist(emit, signal, () => silentBrokers(state.bench));
  const found = (brokers: readonly BrokerAt[]): Bench => (state.bench = { ...state.bench, brokers });
  const touch = (): void => {
    state.warm ??= warmUp({ ...state.bench, signal: AbortSignal.any([signal, over.signal]) }, run);
  };
  try {
    await runChecks(run, options.brokers, list, state.bench, found, touch);
    const end = state.warm === null ? null : keep ? "topic-kept" : "cleaned-up";
    if (end !== null) await list.run(end, async () => said(await cleanUp(state.bench, keep)));
  } catch (error) {
    if (signal.aborted && state.warm !== null) await cleanUpAfterAbort(state.bench, keep, emit);
    throw error;
  } finally {
    over.abort();
    await state.warm;
  }
  return list.result();
}

/** `touch` is called before anything of this run is made. */
async function runChecks(
  run: string,
  expected: number,
  list: Checklist,
  start: Bench,
  found: (brokers: readonly BrokerAt[]) => Bench,
  touch: () => void,
): Promise<void> {
  const brokers = await list.run("brokers-reachable", () => reachable(start, expected));
  if (brokers === null) return;
  const bench = found(brokers);
  const layout = layOut(brokers.map(({ id }) => id));
  if ((await list.run("topic-created", () => topicCreated(bench, layout, touch))) === null) return;

  const records = plannedRecords(run, layout.length);
  const first = await list.run("acks-1", () => confirmed(bench, layout, records.sequence1, 1, []));
  if (first === null) return;
  const second = await list.run("acks-all", () => confirmed(bench, layout, records.rest, "all", first));
  if (second === null) return;

  const written = [...first, ...second];
  const read = await list.run("read-back", () => allReadBack(bench, run, written));
  if (read === null) return;
  const { murmur2 } = await import("@platformatic/kafka");
  const keyless = new Set(records.rest.filter(({ kind }) => kind === "keyless").map(({ number }) => number));
  await list.run("order-kept", async () => said(orderKept(read.records)));
  await list.run("keys-keep-partition", async () => said(keysKept(read.records, layout.length, (key) => murmur2(key))));
  await list.run("keyless-spread", async () => said(keylessSpread(read.records, keyless, layout.length)));

  // From here on nothing is written, so each may look at the topic while the others do.
  const ends = endsOf(written);
  const ids = brokers.map(({ id }) => id);
  await together([
    list.run("replicas-in-sync", async () => said(await replicasInSync(bench, layout, read.partitions, ends))),
    list.run("every-broker-leads-and-follows", async () => said(leadsAndFollows(await topicViews(bench), ids))),
    groupChecks(list, bench, { run, written, ends }),
  ]);
}

async function reachable(bench: Bench, expected: number): Promise<Proof<readonly BrokerAt[]>> {
  const brokers = await reachBrokers(bench, expected);
  const where = brokers.map(({ id, told }) => `${id} at ${addressText(told)}`).join(", ");
  const answer =
    brokers.length === 1 ? "1 broker answers where it tells" : `${brokers.length} brokers answer where they tell`;
  return { detail: `${answer} clients to come: ${where}`, value: brokers };
}

async function topicCreated(bench: Bench, layout: readonly Assignment[], touch: () => void): Promise<Proof<true>> {
  const earlier = await earlierRecords(bench);
  if (earlier !== null) await removeTopic(bench);
  touch();
  await createTopic(bench, layout);
  await topicReady(bench, layout);
  const replaced = earlier === null ? "" : ", in place of one that an earlier smoke test left";
  return said(
    `${topicName} has ${layout.length} partitions with ${counted(layout[0]?.brokers.length ?? 0, "replica")} each, all in sync, and every broker leads one at least${replaced}`,
  );
}

function plannedRecords(
  run: string,
  partitions: number,
): {
  readonly sequence1: readonly SmokeRecord[];
  readonly rest: readonly SmokeRecord[];
} {
  const now = BigInt(Date.now());
  const sequence1 = numbered(sequenceRecords(partitions, 20), 0, run, now);
  const drafts = [...sequenceRecords(partitions, 50), ...keyedRecords(partitions), ...keylessRecords(partitions, 10)];
  return { sequence1, rest: numbered(drafts, sequence1.length, run, now) };
}

async function confirmed(
  bench: Bench,
  layout: readonly Assignment[],
  records: readonly SmokeRecord[],
  acks: 1 | "all",
  before: readonly Confirmed[],
): Promise<Proof<readonly Confirmed[]>> {
  const written = await writeRecords(bench, records, acks, before);
  const replicas = layout[0]?.brokers.length ?? 0;
  const by = acks === 1 ? "each confirmed by its leader" : `all confirmed by ${counted(replicas, "replica")}`;
  return { detail: `${written.length} records to ${layout.length} partitions, ${by} (acks=${acks})`, value: written };
}

type AllRead = { readonly records: readonly ReadRecord[]; readonly partitions: ReadonlyMap<number, ReadPartition> };

async function allReadBack(bench: Bench, run: string, written: readonly Confirmed[]): Promise<Proof<AllRead>> {
  const ends = endsOf(written);
  const leaders = await until(
    `every partition of ${topicName} to have a leader`,
    bench.seconds,
    bench.signal,
    async () => {
      const now = await leadersNow(bench);
      return typeof now === "string" ? { still: now } : { done: now };
    },
  );
  const read = await Promise.all(
    [...leaders].map(async ([partition, leader]) => {
      const whole = await readPartition(bench, leader, partition, 0n, ends.get(partition) ?? 0n);
      return { partition, whole, records: await decode(partition, whole.bytes) };
    }),
  );
  const records = read.flatMap((one) => one.records);
  const partitions = new Map(read.map(({ partition, whole }) => [partition, whole]));
  return { detail: readBack(run, written, records), value: { records, partitions } };
}

/** The offset after the last confirmed record of each partition. */
function endsOf(written: readonly Confirmed[]): ReadonlyMap<number, bigint> {
  const ends = new Map<number, bigint>();
  for (const { record, offset } of written) {
    if (offset >= (ends.get(record.partition) ?? 0n)) ends.set(record.partition, offset + 1n);
  }
  return ends;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
