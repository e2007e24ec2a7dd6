/** The smoke test, first half: a topic of its own, records through every broker, and proof that each came back. */
import { randomUUID } from "node:crypto";
import type { Emit } from "../../report/events.ts";
import { addressText, type Address, type AddressMap } from "../address.ts";
import { benchOf, type Bench, type BrokerAt } from "./bench.ts";
import { checklist, type Checklist, type Proof } from "./checklist.ts";
import { cleanUp, cleanUpAfterAbort } from "./clean-up.ts";
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
  let bench = benchOf({ ...options, topic: testLog });
  let touched = false;
  const list = checklist(emit, signal, () => silentBrokers(bench));
  const found = (brokers: readonly BrokerAt[]): Bench => (bench = { ...bench, brokers });
  try {
    await runChecks(options.brokers, list, bench, found, () => (touched = true));
    if (touched && keep) await list.run("topic-kept", async () => said(kept));
    if (touched && !keep) await list.run("cleaned-up", async () => said(await cleanUp(bench)));
  } catch (error) {
    if (signal.aborted && touched && !keep) await cleanUpAfterAbort(bench, emit);
    throw error;
  }
  return list.result();
}

const kept = `${topicName} is left as asked; the next smoke test removes it, unless somebody else has written to it`;

async function runChecks(
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

  const records = plannedRecords(layout.length);
  const first = await list.run("acks-1", () => confirmed(bench, layout, records.sequence1, 1, []));
  if (first === null) return;
  const second = await list.run("acks-all", () => confirmed(bench, layout, records.rest, "all", first));
  if (second === null) return;

  const written = [...first, ...second];
  const read = await list.run("read-back", () => allReadBack(bench, records.run, written));
  if (read === null) return;
  const { murmur2 } = await import("@platformatic/kafka");
  const keyless = new Set(records.rest.filter(({ kind }) => kind === "keyless").map(({ number }) => number));
  await list.run("order-kept", async () => said(orderKept(read.records)));
  await list.run("keys-keep-partition", async () => said(keysKept(read.records, layout.length, (key) => murmur2(key))));
  await list.run("keyless-spread", async () => said(keylessSpread(read.records, keyless, layout.length)));
  await list.run("replicas-in-sync", async () =>
    said(await replicasInSync(bench, layout, read.partitions, endsOf(written))),
  );
}

function said(detail: string): Proof<true> {
  return { detail, value: true };
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

function plannedRecords(partitions: number): {
  readonly run: string;
  readonly sequence1: readonly SmokeRecord[];
  readonly rest: readonly SmokeRecord[];
} {
  const run = randomUUID();
  const now = BigInt(Date.now());
  const sequence1 = numbered(sequenceRecords(partitions, 20), 0, run, now);
  const drafts = [...sequenceRecords(partitions, 50), ...keyedRecords(partitions), ...keylessRecords(partitions, 10)];
  return { run, sequence1, rest: numbered(drafts, sequence1.length, run, now) };
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
