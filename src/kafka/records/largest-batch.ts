/** How large a batch a topic takes. */
import { askBrokers } from "../ask-brokers.ts";
import { describeManyConfigs } from "../wire/describe-configs.ts";
import type { KafkaAt } from "./topic-at.ts";

const setting = "max.message.bytes";
/** Kafka's own. */
const usual = 1_048_588;
const askMs = 5000;

/** Where it cannot be asked, Kafka's own default: whether a record is too large is then told by the broker. */
export async function largestBatch({ bootstrap, signal }: KafkaAt, topic: string): Promise<number> {
  const ask = describeManyConfigs([{ type: "topic", name: topic }], [setting], false);
  const answer = await askBrokers(bootstrap, ask, signal, askMs, ([seen]) => seen?.error === 0);
  const value = answer?.[0]?.entries.find(({ name }) => name === setting)?.value ?? null;
  return value === null ? usual : Number(value);
}
