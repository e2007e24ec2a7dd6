/** Makes the changes that Kafka itself is asked for, and waits until every broker has seen them. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";
import { brokerSettings, type SettingLayers } from "../kafka/broker-settings.ts";
import { quorumView } from "../kafka/quorum.ts";
import { threadSteps } from "../kafka/thread-steps.ts";
import type { ObservedTopic } from "../kafka/topic-state.ts";
import { until } from "../kafka/until.ts";
import { addRaftVoter } from "../kafka/wire/add-raft-voter.ts";
import { createPartitions } from "../kafka/wire/create-partitions.ts";
import { createTopics } from "../kafka/wire/create-topics.ts";
import { incrementalAlterConfigs, type ConfigChange } from "../kafka/wire/incremental-alter-configs.ts";
import type { Change } from "../plan/change.ts";
import { sameValue } from "../plan/same-value.ts";
import {
  addressesOf,
  addressOf,
  askOne,
  askTheController,
  errorsOf,
  mustBeBegun,
  mustBeFine,
  requestMs,
  untilAllRegistered,
  untilTopic,
} from "./ask-kafka.ts";
import type { Context } from "./context.ts";

export type KafkaChange = Extract<Change, { kind: "voter" | "setting" | "topic" | "partitions" | "topic-settings" }>;

/** Keeps in the receipt which topic kctl made. */
export type RecordTopic = (name: string, id: string) => Promise<void>;

export async function changeKafka(
  change: KafkaChange,
  cluster: Cluster,
  clusterId: string | null,
  record: RecordTopic,
  context: Context,
): Promise<void> {
  switch (change.kind) {
    case "voter":
      return addVoter(change, cluster, clusterId, context);
    case "setting":
      return setLive(change, cluster, context);
    case "topic":
      return createTopic(change, cluster, record, context);
    case "partitions":
      return growTopic(change, cluster, context);
    case "topic-settings":
      return changeTopic(change, cluster, context);
  }
}

/** A controller that follows the quorum becomes a voter once it has all that the leader has (KIP-853). */
async function addVoter(
  { member: key, title }: Extract<Change, { kind: "voter" }>,
  cluster: Cluster,
  clusterId: string | null,
  { signal, timeoutSeconds }: Context,
): Promise<void> {
  const member = membersOf(cluster, "controller").find((candidate) => candidate.key === key);
  if (member === undefined || clusterId === null) throw new RangeError(`${key} is no controller of a known cluster`);
  const brokers = addressesOf(cluster);
  const directoryId = await until(
    `${key} to have all that the quorum's leader has`,
    timeoutSeconds,
    signal,
    async () => {
      const quorum = await quorumView(brokers, signal);
      if (quorum?.voters.some(({ id }) => id === member.id) === true) return { done: null };
      const seen = quorum?.observers.find(({ id }) => id === member.id);
      if (seen?.directoryId === undefined || seen.directoryId === null)
        return { still: "the leader has not seen it yet" };
      return seen.lag === 0 ? { done: seen.directoryId } : { still: `it lacks ${seen.lag ?? "all"} records` };
    },
  );
  if (directoryId === null) return;
  const listeners = [{ name: "CONTROLLER", host: member.address, port: member.ports["controller"] ?? 0 }];
  const voter = { id: member.id, directoryId, listeners };
  const add = addRaftVoter(clusterId, voter, requestMs);
  mustBeFine(title, [await askOne(membersOf(cluster, "broker"), add, signal)]);
  await until(`${key} to be a voter`, timeoutSeconds, signal, async () => {
    const voters = (await quorumView(brokers, signal))?.voters ?? [];
    return voters.some(({ id }) => id === member.id) ? { done: undefined } : { still: "it is not listed yet" };
  });
}

/** A broker that refuses what another took for all of them only says so in its log: the next look at it tells (`untaken`). */
const takesWithinMs = 5000;

async function setLive(
  { name, broker, new: wanted, title }: Extract<Change, { kind: "setting" }>,
  cluster: Cluster,
  { signal, timeoutSeconds }: Context,
): Promise<void> {
  const members = membersOf(cluster, "broker");
  const to = broker === null ? members : members.filter(({ id }) => id === broker);
  const place = broker === null ? "cluster" : "broker";
  const asked = to.map((member) => ({ id: member.id, address: addressOf(member) }));
  const layersNow = async (): Promise<readonly (readonly [number, SettingLayers | undefined])[]> =>
    [...(await brokerSettings(asked, signal)).brokers].flatMap(([id, own]) =>
      own === null ? [] : [[id, own.layers[name]] as const],
    );
  const before = (await layersNow()).flatMap(([, layers]) => layers ?? []);
  const goal = wanted ?? before.map((layers) => heldBy({ ...layers, [place]: null })).find((value) => value !== null);
  const steps = threadSteps(
    name,
    before.flatMap(({ inForce }) => inForce ?? []),
    goal ?? null,
  );
  for (const value of [...steps, wanted]) {
    const change: ConfigChange = {
      type: "broker",
      name: broker === null ? "" : String(broker),
      settings: { [name]: value },
    };
    mustBeFine(title, await askOne(to, incrementalAlterConfigs([change], false), signal));
    const patience = performance.now() + takesWithinMs;
    await until(`every broker to ${title}`, timeoutSeconds, signal, async () => {
      const told = await layersNow();
      const late = told.filter(([, layers]) => !sameValue(layers?.[place] ?? null, value));
      const slow = told.filter(([, layers]) => layers !== undefined && !takes(layers));
      if (late.length > 0) return { still: `not yet: ${late.map(([id]) => id).join(", ")}` };
      if (slow.length === 0 || performance.now() > patience) return { done: undefined };
      return { still: `not in force yet: ${slow.map(([id]) => id).join(", ")}` };
    });
  }
}

const heldBy = (layers: SettingLayers): string | null =>
  layers.broker ?? layers.cluster ?? layers.file ?? layers.default;

/** Whether the broker runs with what holds by the places that give it; true where it does not tell. */
function takes(layers: SettingLayers): boolean {
  const held = heldBy(layers);
  return held === null || layers.inForce === null || sameValue(held, layers.inForce);
}

async function createTopic(
  { topic, partitions, replicas, settings, title }: Extract<Change, { kind: "topic" }>,
  cluster: Cluster,
  record: RecordTopic,
  context: Context,
): Promise<void> {
  await untilAllRegistered(cluster, context);
  const wanted = { name: topic, layout: { partitions, replicas }, settings };
  const made = await askTheController(createTopics([wanted], requestMs, false), cluster, context, errorsOf);
  mustBeBegun(title, made);
  for (const { id } of made) if (id !== null) await record(topic, id);
  const isThere = (seen: ObservedTopic | undefined): boolean => seen !== undefined && seen.partitions.every(hasLeader);
  const seen = await untilTopic(topic, cluster, context, isThere);
  // Kafka had not made it yet when it answered: kctl made it all the same, and may take it away one day.
  const id = made.every((one) => one.id === null) ? (seen?.id ?? null) : null;
  if (id !== null) await record(topic, id);
}

async function growTopic(
  { topic, new: count, title }: Extract<Change, { kind: "partitions" }>,
  cluster: Cluster,
  context: Context,
): Promise<void> {
  await untilAllRegistered(cluster, context);
  const growth = { name: topic, count, assignment: null };
  mustBeBegun(title, await askTheController(createPartitions([growth], requestMs, false), cluster, context, errorsOf));
  await untilTopic(
    topic,
    cluster,
    context,
    (seen) => seen?.partitions.length === count && seen.partitions.every(hasLeader),
  );
}

async function changeTopic(
  { topic, settings, title }: Extract<Change, { kind: "topic-settings" }>,
  cluster: Cluster,
  context: Context,
): Promise<void> {
  const wanted = Object.fromEntries(settings.map(({ name, to }) => [name, to]));
  const change: ConfigChange = { type: "topic", name: topic, settings: wanted };
  const alter = incrementalAlterConfigs([change], false);
  mustBeFine(title, await askOne(membersOf(cluster, "broker"), alter, context.signal));
  await untilTopic(topic, cluster, context, (seen) =>
    settings.every(({ name, to }) => {
      return sameValue(seen?.settings?.[name] ?? null, to);
    }),
  );
}

const hasLeader = ({ leader }: ObservedTopic["partitions"][number]): boolean => leader !== null;
