/** What changes of Kafka have in common: whom they ask, what an answer means, and how they wait until every broker has seen them. */
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import { KctlError } from "../fault.ts";
import type { Address } from "../kafka/address.ts";
import { askController } from "../kafka/ask-controller.ts";
import { brokerAnswers } from "../kafka/broker-answers.ts";
import { topicStates, type ObservedTopic } from "../kafka/topic-state.ts";
import { until } from "../kafka/until.ts";
import { kafkaView } from "../kafka/view.ts";
import { errorName } from "../kafka/wire/error-names.ts";
import { withBroker, type Message } from "../kafka/wire/exchange.ts";
import type { Context } from "./context.ts";

/** How long Kafka itself may be at what it is asked for. */
export const requestMs = 15_000;

/** So that its own word that it takes longer is heard. */
const answerMs = requestMs + 5000;

export type Answer = { readonly error: number; readonly errorMessage: string | null };

export function addressOf({ address, ports }: Member): Address {
  return { host: address, port: ports["clients"] ?? 0 };
}

export function addressesOf(cluster: Cluster): readonly Address[] {
  return membersOf(cluster, "broker").map(addressOf);
}

export function mustBeFine(what: string, answers: readonly Answer[]): void {
  const refused = answers.find(({ error }) => error !== 0);
  if (refused === undefined) return;
  const { error, errorMessage } = refused;
  throw new KctlError({
    code: "kafka-refused",
    what: `Kafka did not ${what}: ${errorMessage ?? errorName(error)} (${errorName(error)})`,
    fix: "mend what it says in the spec, then run it again",
  });
}

const requestTimedOut = 7;

/** Kafka is still at it, as on a slow machine that makes many partitions at once: what it comes to is looked at, and waited for. */
export function mustBeBegun(what: string, answers: readonly Answer[]): void {
  mustBeFine(
    what,
    answers.filter(({ error }) => error !== requestTimedOut),
  );
}

/** Only one of them is asked, and once: what changes something must not reach Kafka twice. */
export async function askOne<Got>(of: readonly Member[], message: Message<Got>, signal: AbortSignal): Promise<Got> {
  for (const member of of) {
    const { host, port } = addressOf(member);
    if (await brokerAnswers(host, port, member.id, signal))
      return withBroker({ host, port }, signal, requestMs, (ask) => ask(message));
  }
  throw new KctlError({
    code: "kafka-unreachable",
    what: "no broker answered",
    fix: "see `kctl status`, then run it again",
  });
}

export function askTheController<Got>(
  message: Message<Got>,
  cluster: Cluster,
  { signal }: Pick<Context, "signal">,
  errorsIn: (answer: Got) => readonly number[],
): Promise<Got> {
  return askController({ bootstrap: addressesOf(cluster), signal, timeoutMs: answerMs }, message, errorsIn);
}

/** Of an answer that is a list of them. */
export function errorsOf(answers: readonly Answer[]): readonly number[] {
  return answers.map(({ error }) => error);
}

/** Kafka places replicas on the brokers that it knows of just then. */
export async function untilAllRegistered(cluster: Cluster, { signal, timeoutSeconds }: Context): Promise<void> {
  const ids = membersOf(cluster, "broker").map(({ id }) => id);
  await until("every broker to be registered", timeoutSeconds, signal, async () => {
    const view = await kafkaView(addressesOf(cluster), signal);
    const missing = ids.filter((id) => view?.brokers.some((broker) => broker.id === id) !== true);
    return missing.length === 0 ? { done: undefined } : { still: `missing: ${missing.join(", ")}` };
  });
}

/** Brokers hear of it one after the other: whoever asks next may ask any of them. */
export async function untilTopic(
  name: string,
  cluster: Cluster,
  { signal, timeoutSeconds }: Context,
  as: (topic: ObservedTopic | undefined) => boolean,
): Promise<ObservedTopic | undefined> {
  return until(`every broker to see topic ${name} so`, timeoutSeconds, signal, async () => {
    const views = await Promise.all(addressesOf(cluster).map((address) => topicStates([address], signal)));
    const told = views.flatMap((topics) => (topics === null ? [] : [topics.find((topic) => topic.name === name)]));
    return told.length > 0 && told.every(as) ? { done: told[0] } : { still: "not all of them do yet" };
  });
}
