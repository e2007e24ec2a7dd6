import { describe, expect, test } from "vitest";
import type { Change } from "../../src/plan/change.ts";
import { doneAgain } from "../../src/plan/done-again.ts";

const common = { node: null, why: [], diff: [], after: [] } as const;

const setting = (value: string, after: Change["after"] = []): Change => ({
  ...common,
  after,
  kind: "setting",
  verb: "set",
  key: "setting cluster log.retention.ms",
  layer: "kafka",
  name: "log.retention.ms",
  broker: null,
  old: null,
  new: value,
  effect: "live",
  title: `set log.retention.ms of the cluster to ${value}`,
});

const roll = (...members: readonly string[]): Change => ({
  ...common,
  kind: "roll",
  verb: "restart",
  key: "roll",
  layer: "host",
  members,
  effect: "restart",
  title: `restart ${members.length} servers, one at a time`,
});

const gate: Change = {
  ...common,
  kind: "gate",
  verb: "await",
  key: "gate zookeeper",
  layer: "host",
  members: [],
  enough: 2,
  effect: "none",
  title: "wait until 2 of 3 ZooKeeper servers serve",
};

const machine = (step: Extract<Change, { kind: "machine" }>["step"]): Change => ({
  ...common,
  kind: "machine",
  verb: "remove",
  key: "software",
  layer: "host",
  step,
  effect: "none",
  title: "remove it",
});

describe("what is wanted a second time", () => {
  test.each<[string, readonly Change[], readonly Change[], readonly string[]]>([
    ["nothing at first", [setting("1"), roll("a/broker")], [], []],
    ["nothing once all is as wanted", [], [setting("1")], []],
    ["the same setting", [setting("1")], [setting("1")], ["set log.retention.ms of the cluster to 1"]],
    [
      "the same, whatever comes before it",
      [setting("1", [{ key: "roll", until: "done" }])],
      [setting("1")],
      ["set log.retention.ms of the cluster to 1"],
    ],
    ["another value is another change", [setting("2")], [setting("1")], []],
    ["the same restart", [roll("a/broker")], [roll("a/broker")], ["restart 1 servers, one at a time"]],
    ["a restart of others", [roll("b/broker")], [roll("a/broker")], []],
    [
      "what is only in the way may have been needed meanwhile",
      [
        machine({ kind: "leftovers", names: ["a"] }),
        machine({ kind: "old-software", folder: "/opt/kctl/kafka-3.7.2" }),
      ],
      [
        machine({ kind: "leftovers", names: ["a"] }),
        machine({ kind: "old-software", folder: "/opt/kctl/kafka-3.7.2" }),
      ],
      [],
    ],
    ["a gate changes nothing, and may be asked again", [gate], [gate], []],
  ])("%s", (_name, now, before, wanted) => {
    const faults = doneAgain(now, before);
    expect(faults.map(({ what }) => what)).toEqual(
      wanted.map((title) => `this was done, and nothing came of it: ${title}`),
    );
    for (const { code } of faults) expect(code).toBe("not-converged");
  });
});
