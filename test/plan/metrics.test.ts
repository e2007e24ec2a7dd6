/** Metrics that come and go: rolls that say why, rules that need none, a port that somebody holds. */
import { describe, expect, test } from "vitest";
import { contentDigest } from "../../src/plan/content-digest.ts";
import { makePlan, type Plan } from "../../src/plan/make-plan.ts";
import { isReadOtherwise } from "../../src/plan/read-otherwise.ts";
import { nothing, running, world } from "./support/world.ts";

const telling = { kafka: { version: "3.9.1", jvm: ["-javaagent:/own.jar"] }, metrics: {} };
const silent = { kafka: telling.kafka };

const rolled = ({ changes }: Plan): readonly string[] =>
  changes.flatMap((change) => (change.kind === "roll" ? change.members : []));

describe.each([
  ["come", silent, telling, null, "1.0.1"],
  ["go", telling, silent, "1.0.1", null],
  ["come by another exporter", telling, { ...telling, metrics: { version: "1.1.0" } }, "1.0.1", "1.1.0"],
])("metrics that %s", (_, first, second, from, to) => {
  const before = world(first);
  const plan = makePlan({ ...world(second, before.receipt.next), observed: running(before) });

  test("restart every server, one at a time, and say why", () => {
    expect(plan.obstacles).toEqual([]);
    expect(rolled(plan).toSorted()).toEqual([1, 2, 3].flatMap((n) => [`n-${n}/broker`, `n-${n}/zookeeper`]).toSorted());
    const whys = plan.changes.filter(({ kind }) => kind === "roll").map(({ why }) => why);
    expect(new Set(whys.map((why) => JSON.stringify(why)))).toEqual(
      new Set([JSON.stringify([{ field: "metrics", from, to }])]),
    );
  });

  test("fetch the exporter first where it is not there", () => {
    const fetched = plan.changes.flatMap(({ kind, title }) => (kind === "artifact" ? title : []));
    expect(fetched).toEqual(to === null ? [] : [`fetch jmx-exporter ${to}`]);
  });
});

test("the port of metrics must be free", () => {
  const holder = { pid: 7, command: "nc" };
  const plain = { node: "n-1", files: {}, folders: {}, processes: {}, identities: {} };
  const plan = makePlan({
    ...world(telling),
    observed: { ...nothing, hosts: { "n-1": { ...plain, ports: { "7071": holder } } } },
  });
  expect(plan.obstacles.map(({ what }) => what)).toEqual([
    "port 7071, n-1/broker's metrics port, is held by process 7 (nc)",
  ]);
});

test("other rules are written, and nothing restarts: the exporter sees them by itself", () => {
  const old = world(telling, null, {}, { "metrics-kafka.yaml": "older rules" });
  const now = world(telling, old.receipt.next, {}, { "metrics-kafka.yaml": "newer rules" });
  const { changes } = makePlan({ ...now, observed: running(old) });
  expect(changes.map(({ key }) => key)).toEqual([1, 2, 3].map((n) => `file /k/n-${n}/broker/config/metrics.yaml`));
  // A unit that starts its server again has it read them too.
  const seen = { kind: "file", digest: contentDigest("older"), mode: 0o640, content: "older" } as const;
  expect(isReadOtherwise({ content: "newer", readAtStart: "" }, seen, () => false)).toBe(false);
});
