/** What every check of the smoke test works with. */
import { unmapped, type Address, type AddressMap } from "../address.ts";
import type { Coordinators } from "../ask-coordinator.ts";
import { stopwatch } from "../stopwatch.ts";
import { withBroker, type Message } from "../wire/exchange.ts";
import type { OwnTopic } from "./topic.ts";

export type BrokerAt = {
  readonly id: number;
  /** What the broker tells clients. */
  readonly told: Address;
  /** Where that is reached from here. */
  readonly at: Address;
};

export type Bench = Coordinators & {
  /** What is written to. */
  readonly topic: OwnTopic;
  /** The consumer groups that this run has made. */
  readonly entered: Set<string>;
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
  const coordinators = new Map<string, Address>();
  return {
    bootstrap,
    map,
    signal,
    seconds: timeoutSeconds,
    topic,
    coordinators,
    waits: stopwatch(),
    entered: new Set(),
    brokers: [],
  };
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
