/** Topics for end-to-end tests, made and looked at through Kafka's protocol. */
import type { Address } from "../../src/kafka/address.ts";
import { askController } from "../../src/kafka/ask-controller.ts";
import { kafkaView, type TopicView } from "../../src/kafka/view.ts";
import { createTopics } from "../../src/kafka/wire/create-topics.ts";
import { deleteTopics } from "../../src/kafka/wire/delete-topics.ts";
import type { Place } from "./kctl.ts";

const never = new AbortController().signal;

export function brokersOf({ port }: Place): readonly Address[] {
  return [0, 1, 2].map((index) => ({ host: "127.0.0.1", port: port + 10 * index }));
}

/** @param assignment the brokers of each partition, its preferred leader first */
export async function makeTopic(
  at: Place,
  name: string,
  assignment: readonly (readonly number[])[],
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const answers = await askController(
    { bootstrap: brokersOf(at), signal: never, timeoutMs: 30_000 },
    createTopics([{ name, layout: { assignment }, settings }], 30_000, false),
    (topics) => topics.map(({ error }) => error),
  );
  const refused = answers.find(({ error }) => error !== 0);
  if (refused !== undefined) throw new Error(`${name}: ${refused.error} ${refused.errorMessage}`);
}

/** @param id as metadata or CreateTopics tells it */
export async function deleteTopic(at: Place, id: string): Promise<void> {
  const answers = await askController(
    { bootstrap: brokersOf(at), signal: never, timeoutMs: 30_000 },
    deleteTopics([id], 30_000),
    (topics) => topics.map(({ error }) => error),
  );
  const refused = answers.find(({ error }) => error !== 0);
  if (refused !== undefined) throw new Error(`${id}: ${refused.error} ${refused.errorMessage}`);
}

export async function topics(at: Place): Promise<readonly TopicView[]> {
  return (await kafkaView(brokersOf(at), never, 10_000))?.topics ?? [];
}
