/** What changed of a cluster between two looks, each of which may have seen only a part of it. */
import { partitionKey } from "../kafka/partition-sizes.ts";
import type { KafkaView, TopicView } from "../kafka/view.ts";
import type { StatusEvent } from "../report/status-events.ts";
import type { StatusShown } from "../report/status-shown.ts";

type PartitionView = TopicView["partitions"][number];

/** What was last known of each thing; null: nothing yet. */
export type Known = {
  /** By `partitionKey`. */
  readonly partitions: ReadonlyMap<string, PartitionView & { readonly topic: string }> | null;
  /** Nodes by the ids of their brokers. */
  readonly brokers: ReadonlyMap<number, string> | null;
  readonly controller: { readonly id: number | null } | null;
  /** States by `NODE ROLE`. */
  readonly services: ReadonlyMap<string, { readonly node: string; readonly role: string; readonly state: string }>;
};

export const nothingKnown: Known = { partitions: null, brokers: null, controller: null, services: new Map() };

/** @param views of all brokers that answered: where there are none, nothing is known of Kafka, and what was known stays */
export function known(
  shown: Pick<StatusShown, "nodes" | "brokers" | "controller">,
  views: readonly KafkaView[],
  before: Known,
): Known {
  const services = new Map(
    shown.nodes.flatMap(({ name, services: its }) =>
      Object.entries(its).map(([role, state]) => [`${name} ${role}`, { node: name, role, state }] as const),
    ),
  );
  if (views.length === 0) return { ...before, services };
  return {
    partitions: agreed(views, before.partitions),
    brokers: new Map(shown.brokers.map(({ id, node }) => [id, node])),
    controller: { id: shown.controller === undefined ? inCharge(shown) : (shown.controller?.id ?? null) },
    services,
  };
}

function inCharge({ brokers }: Pick<StatusShown, "brokers">): number | null {
  return brokers.find(({ controller }) => controller)?.id ?? null;
}

/**
 * Brokers hear of changes one after the other. A replica is in sync where all say so; of a leader that they disagree about the former stays,
 * until most agree; one that is new and disagreed about is not there yet.
 */
function agreed(views: readonly KafkaView[], before: Known["partitions"]): NonNullable<Known["partitions"]> {
  const told = views.flatMap(({ topics }) =>
    topics.flatMap(({ name, partitions }) => partitions.map((one) => ({ ...one, topic: name }))),
  );
  const byKey = Map.groupBy(told, ({ topic, partition }) => partitionKey(topic, partition));
  return new Map(
    [...byKey].flatMap(([key, its]) => {
      const [first] = its;
      if (first === undefined) return [];
      const most = its.find(({ leader }) => 2 * its.filter((one) => one.leader === leader).length > its.length);
      const settled = most ?? before?.get(key);
      if (settled === undefined) return [];
      const isr = first.isr.filter((id) => its.every((one) => one.isr.includes(id)));
      return [[key, { ...first, leader: settled.leader, isr }] as const];
    }),
  );
}

/** In the order in which one most often leads to the other. */
export function eventsBetween(before: Known, now: Known, at: Date): readonly StatusEvent[] {
  const seen = { at: at.toISOString() };
  return [
    ...serviceEvents(before, now),
    ...brokerEvents(before, now),
    ...controllerEvents(before, now),
    ...partitionEvents(before, now, leaderEvents),
    ...partitionEvents(before, now, isrEvents),
  ].map((event) => ({ ...seen, ...event }));
}

/** `Omit` would make one of all kinds. */
type Untimed<Event> = Event extends unknown ? Omit<Event, "at"> : never;
type Change = Untimed<StatusEvent>;

function serviceEvents(before: Known, now: Known): readonly Change[] {
  return [...now.services].flatMap(([key, { node, role, state }]): readonly Change[] => {
    const from = before.services.get(key)?.state ?? state;
    return from === state ? [] : [{ kind: "service", node, role, from, to: state }];
  });
}

function brokerEvents({ brokers: before }: Known, { brokers: now }: Known): readonly Change[] {
  if (before === null || now === null) return [];
  const only = (one: ReadonlyMap<number, string>, other: ReadonlyMap<number, string>) =>
    [...one].filter(([id]) => !other.has(id)).map(([id, node]) => ({ id, node }));
  return [
    ...only(before, now).map((broker): Change => ({ kind: "broker-left", ...broker })),
    ...only(now, before).map((broker): Change => ({ kind: "broker-came", ...broker })),
  ];
}

function controllerEvents({ controller: before }: Known, { controller: now }: Known): readonly Change[] {
  if (before === null || now === null || before.id === now.id) return [];
  return [{ kind: "controller", from: before.id, to: now.id }];
}

type Between = (topic: string, before: PartitionView, now: PartitionView) => readonly Change[];

/** Partitions that are new or gone are no news of their replicas. */
function partitionEvents(before: Known, now: Known, between: Between): readonly Change[] {
  return [...(now.partitions ?? [])].flatMap(([key, { topic, ...one }]) => {
    const former = before.partitions?.get(key);
    return former === undefined ? [] : between(topic, former, one);
  });
}

const leaderEvents: Between = (topic, { leader: from }, { partition, leader: to }) =>
  from === to ? [] : [{ kind: "leader", topic, partition, from, to }];

const isrEvents: Between = (topic, before, { partition, isr, replicas }) => {
  const left = before.isr.filter((id) => !isr.includes(id));
  const came = isr.filter((id) => !before.isr.includes(id));
  const was = (id: number): boolean => before.replicas.includes(id);
  const all = { topic, partition, isr, replicas };
  const back = came.filter(was);
  const added = came.filter((id) => !was(id));
  return [
    ...(left.length === 0 ? [] : [{ kind: "isr-shrink" as const, ...all, brokers: left }]),
    ...(back.length === 0 ? [] : [{ kind: "isr-expand" as const, ...all, brokers: back, back: true }]),
    ...(added.length === 0 ? [] : [{ kind: "isr-expand" as const, ...all, brokers: added, back: false }]),
  ];
};
