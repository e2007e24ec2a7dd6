import { describe, expect, test } from "vitest";
import { knownAfterUp } from "../../src/cluster/known-after-up.ts";
import type { Change } from "../../src/plan/change.ts";
import { makePlan } from "../../src/plan/make-plan.ts";
import type { ObservedHost } from "../../src/plan/observed.ts";
import {
  parseSavedPlan,
  planDifferences,
  reviewedPart,
  savedPlan,
  savedPlanText,
  type PlanNow,
} from "../../src/plan/saved-plan.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { specSchema } from "../../src/spec/schema.ts";
import { nothing, world } from "./support/world.ts";

const whose = { cluster: "demo", folder: "/k" };

const spec = (more: object = {}) =>
  specSchema.parse({
    name: "demo",
    provider: { type: "local" },
    kafka: { version: "3.9.1", config: { "num.partitions": "3", "log.retention.ms": "9" } },
    nodes: [{ group: "n", count: 2, roles: ["zookeeper", "broker"] }],
    ...more,
  });

const common = { layer: "host", node: "n-1", why: [], effect: "none", diff: [], after: [] } as const;

const receipt = (id: string): Change => ({
  ...common,
  kind: "receipt",
  verb: "update",
  key: "receipt",
  node: null,
  title: "update the receipt",
  diff: ['- "clusterId": null', `+ "clusterId": "${id}"`],
});
const file = (content: string): Change => ({
  ...common,
  kind: "file",
  verb: "update",
  key: "file /k/a",
  path: "/k/a",
  old: "0",
  new: content,
  title: "update a",
});
const start = (member: string): Change => ({
  ...common,
  kind: "process",
  verb: "start",
  key: `start ${member}`,
  member,
  title: `start ${member}`,
  after: [{ key: "file /k/a", until: "done" }],
});
const gate: Change = {
  ...common,
  kind: "gate",
  verb: "await",
  key: "gate",
  members: ["n-1/zookeeper"],
  enough: 1,
  title: "wait",
};
const roll = (...members: string[]): Change => ({
  ...common,
  kind: "roll",
  verb: "restart",
  key: "roll",
  members,
  title: `restart ${members.length}`,
  why: members.map((field) => ({ field, from: null, to: "1" })),
});
const topic = (partitions: number): Change => ({
  ...common,
  layer: "kafka",
  kind: "topic",
  verb: "create",
  key: "topic t",
  topic: "t",
  partitions,
  replicas: null,
  settings: {},
  title: `create topic t with ${partitions}`,
});
const later: Change = { ...common, layer: "kafka", kind: "note", verb: "note", key: "kafka later", title: "later" };

const inputs = { "n-1/broker": "i1", "n-2/broker": "i2" };

function now(changes: readonly Change[], more: { spec?: object; inputs?: Record<string, string> } = {}): PlanNow {
  const processes = Object.entries(more.inputs ?? inputs).map(([key, digest]) => ({ key, inputs: digest }));
  return {
    spec: spec(more.spec),
    desired: { hosts: [{ processes }] } as unknown as PlanNow["desired"],
    changes,
  };
}

const saved = (changes: readonly Change[]) =>
  parseSavedPlan(savedPlanText(savedPlan(now(changes), whose, "1.2.3")), "p.json", whose);

test("what a server is started with fits whatever it comes to, where it rests on what was not known", () => {
  const before = savedPlan(
    now([start("n-1/broker"), start("n-2/broker")], { inputs: { ...inputs, "n-1/broker": knownAfterUp } }),
    whose,
    "1",
  );
  const wanted = [start("n-1/broker"), start("n-2/broker")];
  expect(planDifferences(before, now(wanted))).toEqual([]);
  expect(planDifferences(before, now(wanted, { inputs: { ...inputs, "n-2/broker": "i3" } }))).toMatchObject([
    { how: "different", title: "start n-2/broker" },
  ]);
});

describe("up --plan at its first look", () => {
  test.each<[string, readonly Change[], PlanNow, readonly string[]]>([
    ["nothing was wanted and nothing is", [], now([]), []],
    [
      "all is as it was",
      [receipt("x"), file("1"), gate, start("n-1/broker")],
      now([receipt("x"), file("1"), gate, start("n-1/broker")]),
      [],
    ],
    ["an id that was not known is known", [receipt(knownAfterUp), file("1")], now([receipt("Ab-_9"), file("1")]), []],
    [
      "an id that was known is another",
      [receipt("a"), file("1")],
      now([receipt("b"), file("1")]),
      ["different: update the receipt"],
    ],
    [
      "what is around an id that was not known",
      [receipt(`v1 ${knownAfterUp}`)],
      now([receipt("v2 x")]),
      ["different: update the receipt"],
    ],
    ["an address and what comes of it", [file(`a=//${knownAfterUp}:9`)], now([file("a=//203.0.113.7:9")]), []],
    ["a digest", [file(knownAfterUp)], now([file("3f0c")]), []],
    ["an id is one word", [receipt(knownAfterUp)], now([receipt("a b")]), ["different: update the receipt"]],
    ["there is more to do", [file("1")], now([file("1"), start("n-1/broker")]), ["added: start n-1/broker"]],
    ["there is something to do after all", [], now([start("n-1/broker")]), ["added: start n-1/broker"]],
    ["a file is to get another content", [file("1")], now([file("2")]), ["different: update a"]],
    [
      "the same sentence, and another key of it",
      [topic(3)],
      now([{ ...topic(3), replicas: 2 } as Change]),
      ["different: create topic t with 3"],
    ],
    [
      "a server would start with other inputs",
      [start("n-1/broker")],
      now([start("n-1/broker")], { inputs: { "n-1/broker": "i9" } }),
      ["different: start n-1/broker"],
    ],
    [
      "the receipt alone was changed by somebody",
      [start("n-1/broker")],
      now([receipt("x"), start("n-1/broker")]),
      ["added: update the receipt"],
    ],
    ["the receipt was changed, and nothing else was wanted", [], now([receipt("x")]), ["added: update the receipt"]],
    [
      "the order of what must come before does not matter",
      [start("n-1/broker")],
      now([{ ...start("n-1/broker"), after: [] }]),
      [],
    ],
  ])("%s", (_name, before, wanted, differences) => {
    expect(planDifferences(saved(before), wanted).map(({ how, title }) => `${how}: ${title}`)).toEqual(differences);
  });
});

describe("what a run that was cut off left", () => {
  const whole = [
    receipt(knownAfterUp),
    file("1"),
    gate,
    start("n-1/broker"),
    start("n-2/broker"),
    roll("n-1/broker", "n-2/broker"),
    topic(3),
  ];
  test.each<[string, PlanNow, readonly string[]]>([
    ["only the receipt was written", now(whole.slice(1)), []],
    ["one server was started", now([start("n-2/broker"), roll("n-1/broker", "n-2/broker"), topic(3)]), []],
    ["one of two was restarted", now([roll("n-2/broker"), topic(3)]), []],
    [
      "another one is to be restarted",
      now([roll("n-2/broker", "n-3/broker")], { inputs: { ...inputs, "n-3/broker": "i3" } }),
      ["different: restart 2"],
    ],
    ["the receipt notes what became known meanwhile", now([receipt("other words"), topic(3)]), []],
    ["all of it was done", now([]), []],
    ["all of it was done, and a server died", now([start("n-1/broker"), file("3")]), ["different: update a"]],
    [
      "the spec calls the rest off",
      now([topic(3)], { spec: { protected: true } }),
      ["gone: update a", "gone: start n-1/broker", "gone: start n-2/broker", "gone: restart 2"],
    ],
    ["the spec differs, the plan does not", now(whole.with(0, receipt("b-1")), { spec: { protected: true } }), []],
  ])("%s", (_name, wanted, differences) => {
    expect(planDifferences(saved(whole), wanted).map(({ how, title }) => `${how}: ${title}`)).toEqual(differences);
  });

  test("a transfer of its own left something on a machine, which goes with the rest", () => {
    const machine = (step: Extract<Change, { kind: "machine" }>["step"], key: string, node = "n-1"): Change => ({
      ...common,
      node,
      kind: "machine",
      verb: "install",
      key: `${key} on ${node}`,
      step,
      title: `${key} on ${node}`,
    });
    const artifact = { name: "kafka", version: "3.9.1" } as const;
    const install = machine(
      { kind: "software", software: { artifact, folder: "/opt/kctl/k" } },
      "software /opt/kctl/k",
    );
    const left = (node: string): Change => machine({ kind: "leftovers", names: ["a.1"] }, "leftovers", node);
    const plan = saved([receipt("a"), install]);
    const wanted = now([left("n-1"), left("n-2"), install]);
    expect(planDifferences(plan, wanted)).toEqual([{ how: "added", title: "leftovers on n-2" }]);
    expect(reviewedPart(plan, wanted)).toEqual({ changes: [left("n-1"), install], others: [left("n-2")] });
  });

  test("the order of the spec's keys is no difference", () => {
    const other = now([topic(3)], {
      spec: { kafka: { config: { "log.retention.ms": "9", "num.partitions": "3" }, version: "3.9.1" } },
    });
    expect(planDifferences(saved(whole), other)).toEqual([]);
  });

  test("topics that no broker told of when the plan was made are no difference, and are left", () => {
    const before = saved([start("n-1/broker"), start("n-2/broker"), later]);
    const wanted = now([receipt("x"), start("n-2/broker"), topic(3)]);
    expect(planDifferences(before, wanted)).toEqual([]);
    expect(reviewedPart(before, wanted)).toEqual({ changes: [start("n-2/broker")], others: [topic(3)] });
  });
});

describe("the part of a later round that was reviewed", () => {
  test.each<[string, readonly Change[], readonly Change[], readonly Change[]]>([
    [
      "what was reviewed, its gates, and the receipt",
      [file("1"), start("n-1/broker")],
      [receipt("x"), gate, start("n-1/broker")],
      [],
    ],
    ["notes are for reading", [file("1")], [later, file("1")], []],
    ["what came to light is left, and the receipt that tells of it too", [file("1")], [file("1")], [topic(3)]],
    ["another content is another change", [file("1"), topic(3)], [topic(3)], [file("2")]],
  ])("%s", (_name, before, changes, others) => {
    const wanted = others.length === 0 ? changes : [receipt("x"), ...changes, ...others];
    expect(reviewedPart(saved(before), now(wanted))).toEqual({ changes, others });
  });

  test("the reviewed receipt is written even where something else came to light", () => {
    const part = reviewedPart(saved([receipt(knownAfterUp)]), now([receipt("x"), topic(3)]));
    expect(part).toEqual({ changes: [receipt("x")], others: [topic(3)] });
  });
});

describe("a saved plan's file", () => {
  test("is read back as it was written, with what the servers that it starts would be started with", () => {
    const plan = savedPlan(now([start("n-1/broker"), topic(3)]), whose, "1.2.3");
    expect(parseSavedPlan(savedPlanText(plan), "p.json", whose)).toEqual(plan);
    expect(plan).toMatchObject({ schema: 1, kctl: "1.2.3", ...whose, servers: { "n-1/broker": "i1" } });
  });

  const text = savedPlanText(savedPlan(now([topic(3)]), whose, "1.2.3"));
  test.each([
    ["empty", "", "plan-unreadable", "the plan is not valid JSON"],
    ["cut off", text.slice(0, -20), "plan-unreadable", "the plan is not valid JSON"],
    ["null", "null", "plan-unreadable", "the plan is damaged, or no plan of kctl's"],
    ["of nothing but its schema", '{"schema":1}', "plan-unreadable", "the plan is damaged, or no plan of kctl's"],
    [
      "a change without its key",
      text.replace('"key": "topic t",', ""),
      "plan-unreadable",
      "the plan is damaged, or no plan of kctl's",
    ],
    ["of a newer kctl", '{"schema":2}', "plan-unreadable", "the plan was made by a newer kctl (schema 2)"],
    [
      "of another cluster",
      text.replace('"cluster": "demo"', '"cluster": "other"'),
      "plan-of-another",
      "this plan is for the cluster other, and the spec says demo",
    ],
    [
      "of another of that name",
      text.replace('"folder": "/k"', '"folder": "/j"'),
      "plan-of-another",
      "this plan is for the demo in /j, and this one is in /k",
    ],
  ])("%s", (_name, content, code, what) => {
    expect(() => parseSavedPlan(content, "p.json", whose)).toThrow(
      expect.objectContaining({ exit: 2, faults: [expect.objectContaining({ code, what, where: "p.json" })] }),
    );
  });
});

test("what addresses have of passwords is neither printed nor saved, and the plan is the reviewed one all the same", () => {
  const sha512 = "0a".repeat(64);
  const wanted = (token: string) => {
    const wants = {
      provider: { type: "ssh" },
      nodes: [{ name: "a", address: "10.0.0.1", roles: ["zookeeper", "broker", "connect", "burrow"] }],
      burrow: { version: "1.9.5", archive: `https://me:${token}@example.org/b.tar.gz?sig=${token}#${token}`, sha512 },
      connect: {
        plugins: [
          { file: `http://example.org/p.jar?token=${token}`, sha512 },
          { file: "/q.jar", sha512 },
        ],
      },
    };
    const now = world(wants, null, { platform: sshPlatform("demo", { a: "10.0.0.1" }) });
    const machine = {
      user: false,
      software: {},
      otherSoftware: {},
      leftovers: [],
      java: null,
      javas: [],
      hostsFile: "",
      sysctl: {},
      units: {},
      otherReceipts: {},
    };
    const host = { node: "a", files: {}, folders: {}, processes: {}, ports: {}, identities: {}, machine };
    return { now, hosts: { a: host as unknown as ObservedHost } };
  };
  const planned = (token: string) => {
    const { now, hosts } = wanted(token);
    const { changes } = makePlan({ ...now, observed: { ...nothing, hosts } });
    return { spec: spec(), desired: now.desired, changes };
  };
  const first = planned("s3cret");
  const text = savedPlanText(savedPlan(first, whose, "1.2.3"));
  expect(text).not.toContain("s3cret");
  const places = [...text.matchAll(/"at": "(.*)"/g)].map(([, at]) => at);
  expect(new Set(places)).toEqual(new Set(["/q.jar", "http://example.org/p.jar", "https://example.org/b.tar.gz"]));
  expect(places).toHaveLength(6);
  const saved = parseSavedPlan(text, "p.json", whose);
  for (const token of ["s3cret", "another"]) expect(planDifferences(saved, planned(token))).toEqual([]);
});
