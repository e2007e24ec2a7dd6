/** Finds who leads a partition of the canary's topic, for as long as it takes: who wrote to one that leads no more asks again. */
import { setTimeout as delay } from "node:timers/promises";
import { askBrokers } from "../ask-brokers.ts";
import { brokerOf, type Bench, type BrokerAt } from "../smoke-test/bench.ts";
import { metadata, type Metadata } from "../wire/metadata.ts";

const firstPauseMs = 20;
const longestPauseMs = 250;
const requestMs = 2000;

/** @param refused the broker that said that it leads it no more, or did not answer: another one is better */
export async function leaderOf(
  bench: Bench,
  partition: number,
  refused: number | null,
  signal: AbortSignal,
): Promise<BrokerAt> {
  const addresses = bench.brokers.map(({ at }) => at);
  const leaderIn = ({ topics }: Metadata): number | undefined =>
    topics[0]?.partitions.find((one) => one.partition === partition)?.leader;
  const isNew = (answer: Metadata): boolean => {
    const leader = leaderIn(answer) ?? -1;
    return leader >= 0 && leader !== refused;
  };
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
    const answer = await askBrokers(addresses, metadata([bench.topic.name]), signal, requestMs, isNew);
    const leader = answer === null ? undefined : brokerOf(bench, leaderIn(answer) ?? -1);
    if (leader !== undefined) return leader;
    await delay(pause, undefined, { signal });
  }
}
