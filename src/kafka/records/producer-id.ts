/** An id for an idempotent producer, by which Kafka knows a batch that comes twice. */
import { askBrokers } from "../ask-brokers.ts";
import { until } from "../until.ts";
import { errorName } from "../wire/error-names.ts";
import { initProducerId } from "../wire/init-producer-id.ts";
import type { ProducerId } from "./batch-builder.ts";
import type { KafkaAt } from "./topic-at.ts";

const askMs = 5000;

/** Any broker gives one out, once the cluster has given it a block of them. */
export async function newProducerId({ bootstrap, signal, seconds }: KafkaAt): Promise<ProducerId> {
  return until("an id for the producer", seconds, signal, async () => {
    const answer = await askBrokers(bootstrap, initProducerId(), signal, askMs, ({ error }) => error === 0);
    if (answer === null) return { still: "no broker answers" };
    return answer.error === 0 ? { done: answer } : { still: `Kafka answers ${errorName(answer.error)}` };
  });
}
