/** `status --watch`, round by round: looks that fail between looks that do not. */
import { expect, it, test } from "vitest";
import { KctlError } from "../../src/fault.ts";
import type { KafkaView } from "../../src/kafka/view.ts";
import type { StatusLook } from "../../src/operations/status.ts";
import { roundsOf } from "../../src/operations/watch-status.ts";

const view: KafkaView = {
  clusterId: null,
  controllerId: 1,
  brokers: [],
  partitions: { total: 0, underReplicated: 0, offline: 0 },
  topics: [],
};

function good(ids: readonly number[] = [1]): StatusLook {
  const shown = {
    cluster: "demo",
    healthy: true,
    versions: { kafka: "4.3.1", zookeeper: null },
    nodes: [],
    brokers: ids.map((id) => ({ id, node: `kafka-${id}`, controller: false, address: "" })),
    partitions: view.partitions,
    complaints: [],
  };
  return { shown, views: [view], brokers: [], whole: true };
}

const unreachable = new KctlError({ code: "ssh-unreachable", what: "kafka-1 does not answer", node: "kafka-1" });

function rounds(looks: readonly (StatusLook | Error)[], signal = new AbortController().signal) {
  const left = [...looks];
  return roundsOf(
    async () => {
      const next = left.shift() ?? new Error("no more looks");
      if (next instanceof Error) throw next;
      return next;
    },
    { signal },
  );
}

test("a look that fails is a round with what was seen last, and the next one goes on from there", async () => {
  const round = rounds([good([1, 2]), good([1, 2]), unreachable, unreachable, good([1])]);
  await round();
  expect(await round()).toMatchObject({ healthy: true, rates: { records: 0 } });
  const failed = {
    ...good([1, 2]).shown,
    healthy: false,
    complaints: [
      {
        what: "this look failed: kafka-1 does not answer",
        node: "kafka-1",
        fix: "`kctl doctor` looks for what is in the way",
      },
    ],
    rates: null,
    events: [],
  };
  expect([await round(), await round()]).toEqual([failed, failed]);
  expect(await round()).toMatchObject({
    healthy: true,
    complaints: [],
    rates: { records: 0 },
    events: [{ kind: "broker-left", id: 2 }],
  });
});

test("the first look must succeed", async () => {
  await expect(rounds([unreachable])()).rejects.toBe(unreachable);
});

it.each([
  new KctlError({ code: "spec-rule", what: "the spec is wrong" }),
  new KctlError({ code: "interrupted", what: "interrupted" }),
  new TypeError("a fault of kctl itself"),
])("what ends it at any time: %s", async (error) => {
  const round = rounds([good(), error]);
  await round();
  await expect(round()).rejects.toBe(error);
});

test("what fails because it was told to stop is no look that failed", async () => {
  const stop = new AbortController();
  const round = rounds([good(), unreachable], stop.signal);
  await round();
  const why = new Error("told to stop");
  stop.abort(why);
  await expect(round()).rejects.toBe(why);
});
