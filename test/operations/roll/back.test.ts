import { describe, expect, it } from "vitest";
import { absenceOf } from "../../../src/operations/roll/back.ts";
import { toHandBack } from "../../../src/operations/roll/hand-back.ts";

/** "leader; replicas; in sync" of partitions of topic t, as brokers with these ids know them. */
function view(brokers: readonly number[], ...partitions: readonly string[]) {
  const ids = (text = ""): number[] => text.split(" ").filter(Boolean).map(Number);
  return {
    brokers: brokers.map((id) => ({ id, host: "h", port: id })),
    topics: [
      {
        name: "t",
        partitions: partitions.map((text, partition) => {
          const [leader, replicas, isr] = text.split(/ *; */);
          return { partition, leader: leader === "-" ? null : Number(leader), replicas: ids(replicas), isr: ids(isr) };
        }),
      },
    ],
  };
}

describe("broker 1 is back", () => {
  it.each([
    ["with all its replicas", [view([1, 2], "1; 1 2; 1 2")], true, []],
    ["only where every broker lists it", [view([1, 2], "1; 1 2; 1 2"), view([2], "1; 1 2; 1 2")], false, []],
    ["not where none answers", [], false, []],
    [
      "not while a replica is behind by any of the views",
      [view([1, 2], "2; 1 2; 2", "1; 1 2; 1 2", "2; 2; 2"), view([1, 2], "2; 1 2; 2", "2; 1 2; 2", "2; 2; 2")],
      true,
      [0, 1],
    ],
    ["whatever is missing of others", [view([1, 2, 3], "1; 1 2 3; 1 2")], true, []],
  ])("%s", (_name, views, registered, behind) => {
    expect(absenceOf(1, views)).toEqual({
      registered,
      behind: behind.map((partition) => ({ topic: "t", partition })),
    });
  });
});

describe("broker 1 is given back", () => {
  it.each([
    ["what it is the first replica of and another leads", ["2; 1 2; 1 2"], [0]],
    ["nothing where it leads", ["1; 1 2; 1 2"], []],
    ["nothing that it is not the first replica of", ["2; 2 1; 1 2"], []],
    ["nothing that it is not in sync with", ["2; 1 2; 2"], []],
    ["what nobody leads", ["-; 1 2; 1"], [0]],
  ])("%s", (_name, partitions, given) => {
    expect(toHandBack(1, [view([1, 2], ...partitions)])).toEqual(given.map((partition) => ({ topic: "t", partition })));
  });
});
