/** What every check of the smoke test works with. */
import { unmapped, type Address, type AddressMap } from "../address.ts";
import { withBroker, type Message } from "../wire/exchange.ts";
import type { OwnTopic } from "./topic.ts";

export type BrokerAt = {
  readonly id: number;
  /** What the broker tells clients. */
  readonly told: Address;
  /** Where that is reached from here. */
  readonly at: Address;
};

export type Bench = {
  readonly bootstrap: readonly Address[];
  readonly map: AddressMap;
  readonly signal: AbortSignal;
  /** The deadline of each wait. */
  readonly seconds: number;
  /** What is written to. */
  readonly topic: OwnTopic;
  /** Known once the first check has found them. */
  readonly brokers: readonly BrokerAt[];
};

export function benchOf(options: {
  readonly bootstrap: readonly Address[];
  readonly map?: AddressMap;
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
  readonly topic: OwnTopic;
}): Bench {
  const { bootstrap, map = unmapped, signal, timeoutSeconds, topic } = options;
  return { bootstrap, map, signal, seconds: timeoutSeconds, topic, brokers: [] };
}

/** The longest that one request may take. */
export function requestMs({ seconds }: Bench): number {
  return Math.min(seconds, 5) * 1000;
}

export async function askBroker<Answer>(bench: Bench, at: Address, message: Message<Answer>): Promise<Answer> {
  return withBroker(at, bench.signal, requestMs(bench), (ask) => ask(message));
}

export function brokerOf({ brokers }: Bench, id: number): BrokerAt | undefined {
  return brokers.find((broker) => broker.id === id);
}
