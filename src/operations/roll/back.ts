/** Waits until a broker that serves again is back among the others: registered everywhere, all its replicas in sync. */
import { membersOf } from "../../cluster/cluster.ts";
import { KctlError } from "../../fault.ts";
import type { NamedPartition } from "../../kafka/may-restart.ts";
import { kafkaView, type KafkaView } from "../../kafka/view.ts";
import { clientAddresses } from "../client-addresses.ts";
import type { Context } from "../context.ts";
import type { Survey } from "../survey.ts";
import { waitUntil } from "../wait-until.ts";
import { partitionNames } from "./decide.ts";

export type Absence = { readonly registered: boolean; readonly behind: readonly NamedPartition[] };

export type Topics = Pick<KafkaView, "topics">;

/** What is still missing of a broker, in the worst of the views. */
export function absenceOf(id: number, views: readonly Pick<KafkaView, "brokers" | "topics">[]): Absence {
  return {
    registered: views.length > 0 && views.every(({ brokers }) => brokers.some((broker) => broker.id === id)),
    behind: partitionsWhere(views, ({ replicas, isr }) => replicas.includes(id) && !isr.includes(id)),
  };
}

type Partition = KafkaView["topics"][number]["partitions"][number];

/** Each once, though several views tell of it. */
export function partitionsWhere(
  views: readonly Topics[],
  which: (partition: Partition) => boolean,
): readonly NamedPartition[] {
  const found = views.flatMap(({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.filter(which).map(({ partition }) => ({ topic: name, partition })),
    ),
  );
  return [...new Map(found.map((one) => [`${one.topic}-${one.partition}`, one])).values()];
}

export async function viewsOf(
  { cluster }: Pick<Survey, "cluster">,
  signal: AbortSignal,
): Promise<readonly KafkaView[]> {
  const views = await Promise.all(clientAddresses(cluster).map((address) => kafkaView([address], signal)));
  return views.filter((view) => view !== null);
}

/** @param stillThere throws where its process has ended meanwhile */
export async function awaitBack(
  key: string,
  survey: Survey,
  { emit, signal, timeoutSeconds }: Context,
  stillThere: () => Promise<void>,
): Promise<void> {
  const id = idOf(key, survey);
  let absence: Absence = { registered: false, behind: [] };
  let fewest = Infinity;
  const what = (): string =>
    absence.registered
      ? `${absence.behind.length} of the replicas on ${key} to be in sync again: ${partitionNames(absence.behind)}`
      : `${key} to be registered with every broker`;
  const back = await waitUntil(
    async () => {
      absence = absenceOf(id, await viewsOf(survey, signal));
      if (absence.registered) fewest = Math.min(fewest, absence.behind.length);
      if (absence.registered && absence.behind.length === 0) return true;
      await stillThere();
      return false;
    },
    { key: `restart ${key}`, what, timeoutSeconds, emit, signal, progress: () => fewest },
  );
  if (back) return;
  throw new KctlError({
    code: "roll-stopped",
    node: key.split("/", 1)[0] ?? key,
    what: `${key} serves again, but waited ${timeoutSeconds} s for ${what()}`,
    fix: "see its log, and `kctl status`",
  });
}

export function idOf(key: string, { cluster }: Pick<Survey, "cluster">): number {
  const member = membersOf(cluster, "broker").find((one) => one.key === key);
  if (member === undefined) throw new RangeError(`${key} is no broker of this cluster`);
  return member.id;
}
