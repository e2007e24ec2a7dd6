/** Gives a broker that was restarted the leadership back that the others took over meanwhile. */
import { faultsOf } from "../../fault.ts";
import { askController } from "../../kafka/ask-controller.ts";
import type { NamedPartition } from "../../kafka/may-restart.ts";
import { electionNotNeeded, electionNotSeen, electPreferredLeaders } from "../../kafka/wire/elect-leaders.ts";
import { refusal } from "../../kafka/wire/error-names.ts";
import { clientAddresses } from "../client-addresses.ts";
import type { Context } from "../context.ts";
import type { Survey } from "../survey.ts";
import { waitUntil } from "../wait-until.ts";
import { idOf, partitionsWhere, viewsOf, type Topics } from "./back.ts";
import { partitionNames } from "./decide.ts";

/** Those that it should lead and does not, by any of the views. */
export function toHandBack(id: number, views: readonly Topics[]): readonly NamedPartition[] {
  return partitionsWhere(views, ({ replicas, isr, leader }) => replicas[0] === id && leader !== id && isr.includes(id));
}

/** Longer is not worth waiting for: the brokers balance their leaders by themselves in the end. */
const longestHandBack = 30;

/** Its partitions are led by it again, as before the restart; that this fails is no reason to stop. */
export async function handBack(key: string, survey: Survey, { emit, signal, timeoutSeconds }: Context): Promise<void> {
  const id = idOf(key, survey);
  const warn = (what: string): void =>
    emit({
      type: "warning",
      fault: { code: "kafka-refused", what, fix: "Kafka balances its leaders by itself within minutes" },
    });
  const partitions = toHandBack(id, await viewsOf(survey, signal));
  if (partitions.length === 0) return;
  const seconds = Math.min(longestHandBack, timeoutSeconds);
  try {
    const refused = await elect(partitions, survey, signal, seconds * 1000);
    if (refused !== null) {
      warn(refused);
      return;
    }
  } catch (error) {
    signal.throwIfAborted();
    warn(`leaders were not handed back to ${key}: ${faultsOf(error)[0]?.what ?? "no broker answered"}`);
    return;
  }
  let left = partitions;
  const what = (): string => `${key} to lead its partitions again: ${partitionNames(left)}`;
  const led = await waitUntil(
    async () => {
      left = toHandBack(id, await viewsOf(survey, signal));
      return left.length === 0;
    },
    { key: `restart ${key}`, what, timeoutSeconds: seconds, emit, signal },
  );
  if (!led) warn(`waited ${seconds} s for ${what()}`);
}

/** A sentence where it was refused. */
async function elect(
  partitions: readonly NamedPartition[],
  { cluster }: Survey,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<string | null> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, its]) => ({
    topic,
    partitions: its.map(({ partition }) => partition),
  }));
  const { error, partitions: answers } = await askController(
    { bootstrap: clientAddresses(cluster), signal, timeoutMs },
    electPreferredLeaders(topics),
    (answer) => [answer.error, ...answer.partitions.map((one) => one.error)],
  );
  const failed = [{ error, errorMessage: null }, ...answers].find(
    ({ error: code }) => code !== 0 && code !== electionNotNeeded && code !== electionNotSeen,
  );
  return failed === undefined ? null : refusal("hand leaders back", failed).what;
}
