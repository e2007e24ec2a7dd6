/** Runs smoke tests and looks at topics for the live tests. */
import type { Address } from "../../../src/kafka/address.ts";
import { withAdmin, withProducer } from "../../../src/kafka/connect.ts";
import { kafkaErrors } from "../../../src/kafka/library-error.ts";
import { smokeTest, type SmokeTestOptions } from "../../../src/kafka/smoke-test/smoke-test.ts";
import type { SmokeResult } from "../../../src/kafka/smoke-test/result.ts";
import { until } from "../../../src/kafka/until.ts";
import { kafkaView, type TopicView } from "../../../src/kafka/view.ts";
import { withBroker } from "../../../src/kafka/wire/exchange.ts";
import { listGroups } from "../../../src/kafka/wire/list-groups.ts";
import type { Event } from "../../../src/report/events.ts";

export const never = new AbortController().signal;

export type Run = { readonly result: SmokeResult; readonly events: readonly Event[] };

export async function runSmoke(
  bootstrap: readonly Address[],
  options: Partial<SmokeTestOptions> = {},
  onCheck: (name: string) => void = () => undefined,
): Promise<Run> {
  const events: Event[] = [];
  const emit = (event: Event): void => {
    events.push(event);
    if (event.type === "check") onCheck(event.name);
  };
  const result = await smokeTest({
    bootstrap,
    brokers: bootstrap.length,
    keep: false,
    signal: never,
    timeoutSeconds: 30,
    ...options,
    emit,
  });
  return { result, events };
}

/** As each broker sees it: for a moment after a change they differ. */
async function topicViews(bootstrap: readonly Address[], name: string): Promise<readonly (TopicView | undefined)[]> {
  const views = await Promise.all(bootstrap.map((address) => kafkaView([address], never)));
  return views.filter((view) => view !== null).map(({ topics }) => topics.find((topic) => topic.name === name));
}

/** Null only where no broker that answers lists it. */
export async function topicIn(bootstrap: readonly Address[], name: string): Promise<TopicView | null> {
  return (await topicViews(bootstrap, name)).find((topic) => topic !== undefined) ?? null;
}

/** The consumer groups of the cluster, once every broker has loaded those that it coordinates. */
export async function groupsIn(bootstrap: readonly Address[]): Promise<readonly string[]> {
  return until("every broker's groups", 20, never, async () => {
    const answers = bootstrap.map((address) => withBroker(address, never, 2000, (ask) => ask(listGroups())));
    const listed = await Promise.all(answers);
    const loading = listed.some(({ error }) => error !== 0);
    return loading ? { still: "one is loading them" } : { done: listed.flatMap(({ groups }) => groups).toSorted() };
  });
}

type NewTopic = { readonly partitions: number; readonly replicas: number; readonly config?: Record<string, string> };

export async function makeTopic(bootstrap: readonly Address[], name: string, topic: NewTopic): Promise<void> {
  const request = {
    topics: [{ topic: name, partitions: topic.partitions, replicas: topic.replicas }],
    configs: Object.entries(topic.config ?? {}).map(([key, value]) => ({ name: key, value })),
  };
  await withAdmin({ bootstrap, timeoutMs: 5000, retries: 5 }, never, (admin) =>
    // The controller may still be deleting one that no broker lists any more.
    until(`${name} to be created`, 20, never, async () => {
      try {
        await admin.createTopics(request);
        return { done: true };
      } catch (error) {
        if (!kafkaErrors(error).includes("TOPIC_ALREADY_EXISTS")) throw error;
        return { still: "it exists" };
      }
    }),
  );
  await until(`${name} to have leaders`, 20, never, async () => {
    const seen = await topicViews(bootstrap, name);
    const whole = seen.every((view) =>
      view?.partitions.every(({ leader, isr }) => leader !== null && isr.length === topic.replicas),
    );
    return whole ? { done: true } : { still: JSON.stringify(seen) };
  });
}

export async function dropTopic(bootstrap: readonly Address[], name: string): Promise<void> {
  await withAdmin({ bootstrap, timeoutMs: 5000, retries: 5 }, never, (admin) => admin.deleteTopics({ topics: [name] }));
  await until(`${name} to be gone`, 20, never, async () =>
    (await topicIn(bootstrap, name)) === null ? { done: true } : { still: "it is listed" },
  );
}

export async function writeTo(bootstrap: readonly Address[], topic: string, values: readonly string[]): Promise<void> {
  await withProducer({ bootstrap, timeoutMs: 5000, retries: 5, idempotent: true }, never, (producer) =>
    producer.send({ messages: values.map((value) => ({ topic, partition: 0, value: Buffer.from(value) })) }),
  );
}
