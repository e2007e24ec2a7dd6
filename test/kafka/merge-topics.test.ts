import { describe, expect, it } from "vitest";
import type { TopicState } from "../../src/kafka/may-restart.ts";
import { mergeTopics } from "../../src/kafka/merge-topics.ts";

/** "leader; replicas; in sync", a partition each. */
function topic(name: string, minIsr: number | null, ...partitions: readonly string[]): TopicState {
  const ids = (text = ""): number[] => text.split(" ").filter(Boolean).map(Number);
  return {
    name,
    minIsr,
    partitions: partitions.map((text, partition) => {
      const [leader, replicas, isr] = text.split(/ *; */);
      return { partition, leader: leader === "-" ? null : Number(leader), replicas: ids(replicas), isr: ids(isr) };
    }),
  };
}

describe("several views of the same topics", () => {
  it.each<[string, TopicState[][], TopicState[]]>([
    ["there is one", [[topic("t", 2, "1; 1 2 3; 1 2 3")]], [topic("t", 2, "1; 1 2 3; 1 2 3")]],
    [
      "a replica is in sync only where all say so",
      [[topic("t", 2, "1; 1 2 3; 1 2 3")], [topic("t", 2, "1; 1 2 3; 1 3")], [topic("t", 2, "1; 1 2 3; 1 2")]],
      [topic("t", 2, "1; 1 2 3; 1")],
    ],
    [
      "of settings the one that asks for more",
      [[topic("t", 1, "1; 1 2; 1 2")], [topic("t", 2, "1; 1 2; 1 2")], [topic("t", null, "1; 1 2; 1 2")]],
      [topic("t", 2, "1; 1 2; 1 2")],
    ],
    [
      "none could read the setting",
      [[topic("t", null, "1; 1 2; 1 2")], [topic("t", null, "1; 1 2; 1 2")]],
      [topic("t", null, "1; 1 2; 1 2")],
    ],
    [
      "they do not agree who leads",
      [[topic("t", 1, "1; 1 2; 1 2")], [topic("t", 1, "2; 1 2; 1 2")]],
      [topic("t", 1, "-; 1 2; 1 2")],
    ],
    [
      "a replica that moves is on both brokers",
      [[topic("t", 1, "1; 1 2; 1 2")], [topic("t", 1, "1; 1 2 3; 1 2")]],
      [topic("t", 1, "1; 1 2 3; 1 2")],
    ],
    [
      "one does not know a topic or a partition yet",
      [[topic("a", 1, "1; 1; 1"), topic("b", 1, "1; 1; 1", "2; 2; 2")], [topic("b", 1, "1; 1; 1")], []],
      [topic("a", 1, "1; 1; 1"), topic("b", 1, "1; 1; 1", "2; 2; 2")],
    ],
    ["there are none", [[], []], []],
  ])("%s", (_name, views, merged) => {
    expect(mergeTopics(views)).toEqual(merged);
  });
});
