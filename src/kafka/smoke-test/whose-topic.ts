/** Whose is the topic that is there: left by an earlier run of ours, or somebody's. When in doubt it is somebody's. */
import { KctlError } from "../../fault.ts";
import { addressText } from "../address.ts";
import { until, type Look } from "../until.ts";
import { describeConfigs } from "../wire/describe-configs.ts";
import { listOffsets } from "../wire/list-offsets.ts";
import type { MetadataPartition } from "../wire/metadata.ts";
import { askBroker, type Bench, type BrokerAt } from "./bench.ts";
import { leadersNow, topicSeenBy } from "./partitions.ts";
import { partitionChunks } from "./read.ts";
import { differences } from "./topic.ts";

type Span = { readonly partition: number; readonly leader: BrokerAt; readonly first: bigint; readonly end: bigint };

/** Null where there is none; how many records where it is ours; a fault `topic-in-use` where it is somebody's. */
export async function earlierRecords(bench: Bench): Promise<bigint | null> {
  const { name, settings, mostRecords, owner } = bench.topic;
  const seen = await whatIsThere(bench);
  if (seen === null) return null;
  const { partitions, leaders } = seen;
  const spans = await Promise.all([...leaders].map(([partition, leader]) => spanOf(bench, partition, leader)));
  const records = spans.reduce((sum, { first, end }) => sum + (end - first), 0n);
  const layout = partitions.map(({ partition, replicas }) => ({ partition, brokers: replicas }));
  const different = differences(layout, await settingsOf(bench), settings);
  const holds = records === 0n ? "" : ` and holds ${records} ${records === 1n ? "record" : "records"}`;
  if (different.length > 0) {
    throw inUse(bench, `${name} exists with settings that are not ${owner}'s (${different.join(", ")})${holds}`);
  }
  if (records > mostRecords) throw inUse(bench, `${name} exists${holds}, more than ${owner} writes`);
  const theirs = await Promise.all(spans.map((span) => holdsForeign(bench, span)));
  if (theirs.includes(true)) throw inUse(bench, `${name} exists${holds}, not all of them ${owner}'s`);
  return records;
}

type Seen = {
  readonly partitions: readonly MetadataPartition[];
  readonly leaders: ReadonlyMap<number, BrokerAt>;
};

/** One that is just being deleted is waited for: its brokers disagree for a moment. */
async function whatIsThere(bench: Bench): Promise<Seen | null> {
  const seconds = Math.min(bench.seconds, 10);
  try {
    return await until(
      `the leaders of ${bench.topic.name}`,
      seconds,
      bench.signal,
      async (): Promise<Look<Seen | null>> => {
        const partitions = await seenAnywhere(bench);
        if (partitions === null) return { done: null };
        const leaders = await leadersNow(bench);
        return typeof leaders === "string" ? { still: leaders } : { done: { partitions, leaders } };
      },
    );
  } catch (error) {
    const [fault] = error instanceof KctlError ? error.faults : [];
    if (fault?.code !== "timeout") throw error;
    throw inUse(bench, `${bench.topic.name} exists, and it cannot be told whose it is: ${fault.what}`);
  }
}

async function seenAnywhere(bench: Bench): Promise<readonly MetadataPartition[] | null> {
  const views = await Promise.all(bench.brokers.map((broker) => topicSeenBy(bench, broker)));
  const there = views.find((view) => view.kind === "there");
  if (there !== undefined) return there.partitions;
  const unknown = views.find((view) => view.kind === "unknown");
  if (unknown === undefined) return null;
  throw new KctlError({
    code: "kafka-unreachable",
    what: `it cannot be told whether ${bench.topic.name} exists: ${unknown.why}`,
    fix: `see \`kctl status\`, then run ${bench.topic.command} again`,
  });
}

async function settingsOf(bench: Bench): Promise<Readonly<Record<string, string>>> {
  const [broker] = bench.brokers;
  if (broker === undefined) return {};
  const { error, errorMessage, entries } = await askBroker(
    bench,
    broker.at,
    describeConfigs("topic", bench.topic.name, null),
  );
  if (error !== 0)
    throw inUse(
      bench,
      `${bench.topic.name} exists, and its settings cannot be read: ${errorMessage ?? `error ${error}`}`,
    );
  const own = entries.filter(({ source }) => source === "topic");
  return Object.fromEntries(own.map(({ name, value }) => [name, value ?? ""]));
}

async function spanOf(bench: Bench, partition: number, leader: BrokerAt): Promise<Span> {
  const [[first], [end]] = await Promise.all([
    askBroker(bench, leader.at, listOffsets("consumer", bench.topic.name, [partition], "earliest")),
    askBroker(bench, leader.at, listOffsets("consumer", bench.topic.name, [partition], "latest")),
  ]);
  if (first?.error !== 0 || end?.error !== 0) {
    throw inUse(
      bench,
      `${bench.topic.name} exists, and it cannot be told whether partition ${partition} holds records`,
    );
  }
  return { partition, leader, first: first.offset, end: end.offset };
}

async function holdsForeign(bench: Bench, { partition, leader, first, end }: Span): Promise<boolean> {
  for await (const { bytes } of partitionChunks(bench, leader, partition, first, end)) {
    if (await bench.topic.holdsForeign(partition, bytes)) return true;
  }
  return false;
}

function inUse({ bootstrap, topic }: Bench, what: string): KctlError {
  const [first] = bootstrap;
  const server = first === undefined ? "HOST:PORT" : addressText(first);
  return new KctlError({
    code: "topic-in-use",
    what,
    fix: `it is left alone; if nobody needs it, delete it with \`kafka-topics.sh --bootstrap-server ${server} --delete --topic ${topic.name}\` and run ${topic.command} again`,
  });
}
