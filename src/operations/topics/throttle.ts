/** The throttle of moves of replicas: a rate on each broker, and on each topic the replicas that it holds for. */
import { membersOf, type Cluster, type Member } from "../../cluster/cluster.ts";
import { faultsOf, type Fault } from "../../fault.ts";
import { until } from "../../kafka/until.ts";
import { describeConfigs } from "../../kafka/wire/describe-configs.ts";
import { withBroker } from "../../kafka/wire/exchange.ts";
import {
  incrementalAlterConfigs,
  type AlteredConfigs,
  type ConfigChange,
} from "../../kafka/wire/incremental-alter-configs.ts";
import type { PartitionMove } from "../../plan/reassignment.ts";
import { throttledReplicas } from "../../plan/topic-changes.ts";
import { addressOf, askOne, mustBeFine, requestMs } from "../ask-kafka.ts";
import type { Context } from "../context.ts";

const rates = ["leader.replication.throttled.rate", "follower.replication.throttled.rate"] as const;

export type Throttled = { readonly topics: readonly string[]; readonly brokers: readonly number[] };

/** Brokers that have a rate, whoever set it; those that do not tell are not among them. */
export async function throttledBrokers(cluster: Cluster, signal: AbortSignal): Promise<readonly number[]> {
  const told = await Promise.all(
    membersOf(cluster, "broker").map(async (member) => {
      try {
        return (await ratesOf(member, signal)).some((value) => value !== null) ? [member.id] : [];
      } catch {
        signal.throwIfAborted();
        return [];
      }
    }),
  );
  return told.flat();
}

/** As they are set on this very broker. */
async function ratesOf(member: Member, signal: AbortSignal): Promise<readonly (string | null)[]> {
  const { entries } = await withBroker(addressOf(member), signal, requestMs, (ask) =>
    ask(describeConfigs("broker", String(member.id), rates)),
  );
  return rates.map((name) => entries.find((entry) => entry.name === name && entry.source === "broker")?.value ?? null);
}

/** Seen to hold on every broker before it returns: what is moved then never goes without. */
export async function setThrottle(
  moves: readonly PartitionMove[],
  { brokers }: Throttled,
  rate: number,
  cluster: Cluster,
  { signal, timeoutSeconds }: Context,
): Promise<void> {
  // Every one has ended before this does: a rate that is set late would come after it was taken back.
  const told = await Promise.allSettled(
    membersOf(cluster, "broker")
      .filter(({ id }) => brokers.includes(id))
      .map(async (member) => {
        await setRate(member, String(rate), signal);
        await until(`broker ${member.id} to take the throttle`, timeoutSeconds, signal, async () =>
          (await ratesOf(member, signal)).every((value) => value === String(rate))
            ? { done: undefined }
            : { still: "it does not say so yet" },
        );
      }),
  );
  for (const one of told) if (one.status === "rejected") throw one.reason as Error;
  const changes = [...Map.groupBy(moves, ({ topic }) => topic)].map(([name, ofOne]): ConfigChange => {
    const list = (which: (move: PartitionMove) => readonly number[]): string =>
      ofOne.flatMap((move) => which(move).map((id) => `${move.partition}:${id}`)).join(",");
    // Replicas that are there send; those that are new take. Others follow at their own speed.
    const [leaders, followers] = throttledReplicas;
    const settings = {
      [leaders]: list(({ from }) => from),
      [followers]: list(({ from, to }) => to.filter((id) => !from.includes(id))),
    };
    return { type: "topic", name, settings };
  });
  if (changes.length === 0) return;
  const answers = await askOne(membersOf(cluster, "broker"), incrementalAlterConfigs(changes, false), signal);
  mustBeFine("throttle the moves", ofThoseThere(answers));
}

const unknownTopic = 3;

/** A topic that was deleted meanwhile has no moves, and no throttle. */
function ofThoseThere(answers: readonly AlteredConfigs[]): readonly AlteredConfigs[] {
  return answers.filter(({ error }) => error !== unknownTopic);
}

async function setRate(member: Member, value: string | null, signal: AbortSignal): Promise<void> {
  const settings = Object.fromEntries(rates.map((name) => [name, value]));
  const change: ConfigChange = { type: "broker", name: String(member.id), settings };
  mustBeFine(
    value === null ? `take the throttle of broker ${member.id} back` : `throttle broker ${member.id}`,
    await withBroker(addressOf(member), signal, requestMs, (ask) => ask(incrementalAlterConfigs([change], false))),
  );
}

type TakenBack = { readonly left: Throttled | null; readonly faults: readonly Fault[] };

/** @returns what of it is left, and why */
export async function takeThrottleBack(
  { topics, brokers }: Throttled,
  cluster: Cluster,
  { signal }: Context,
): Promise<TakenBack> {
  const faults: Fault[] = [];
  const failed = (error: unknown): void => {
    signal.throwIfAborted();
    faults.push(...faultsOf(error));
  };
  const members = membersOf(cluster, "broker");
  const slow = await Promise.all(
    members
      .filter(({ id }) => brokers.includes(id))
      .map(async (member) => {
        try {
          await setRate(member, null, signal);
          return [];
        } catch (error) {
          failed(error);
          return [member.id];
        }
      }),
  );
  let held = topics;
  if (topics.length > 0) {
    const settings = Object.fromEntries(throttledReplicas.map((name) => [name, null]));
    const changes = topics.map((name): ConfigChange => ({ type: "topic", name, settings }));
    try {
      const answers = await askOne(members, incrementalAlterConfigs(changes, false), signal);
      const refused = ofThoseThere(answers).filter(({ error }) => error !== 0);
      held = refused.map(({ name }) => name);
      mustBeFine("take the throttle of topics back", refused);
    } catch (error) {
      failed(error);
    }
  }
  const left = { topics: held, brokers: slow.flat() };
  return { left: left.topics.length + left.brokers.length === 0 ? null : left, faults };
}

/** @param moved how the moves ended, as the sentence begins */
export function throttleLeft(faults: readonly Fault[], moved: string): readonly Fault[] {
  return faults.map((fault) => ({
    ...fault,
    what: `${moved}, and their throttle is not all taken back: ${fault.what}`,
    fix: "see `kctl status`; then run `kctl topics apply` again: it takes the rest back",
  }));
}
