import { describe, expect, test } from "vitest";
import { contentDigest } from "../../src/plan/content-digest.ts";
import { makePlan, type Plan } from "../../src/plan/make-plan.ts";
import type { ObservedHost, ObservedState } from "../../src/plan/observed.ts";
import { identityOf, nextReceipt, parseReceipt, receiptText } from "../../src/plan/receipt.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { changed, nothing, running, world } from "./support/world.ts";

const verbs = ({ changes }: Plan): readonly string[] => changes.map(({ key, verb }) => `${verb} ${key}`);

describe("from nothing", () => {
  const plan = makePlan({ ...world(), observed: nothing });

  test("everything is made, the receipt first, and every edge names a change of the plan", () => {
    expect(plan.obstacles).toEqual([]);
    const keys = new Set(plan.changes.map(({ key }) => key));
    expect(keys.size).toBe(plan.changes.length);
    for (const { key, after } of plan.changes) {
      for (const edge of after) expect(keys).toContain(edge.key);
      if (key !== "receipt" && !/^(class-archive|artifact)/.test(key) && !key.startsWith("gate"))
        expect(after).toContainEqual({ key: "receipt", until: "done" });
    }
    const count = (kind: string): number => plan.changes.filter((change) => change.kind === kind).length;
    expect({
      receipt: count("receipt"),
      artifact: count("artifact"),
      classArchive: count("class-archive"),
      folder: count("folder"),
      file: count("file"),
      process: count("process"),
      gate: count("gate"),
      roll: count("roll"),
    }).toEqual({ receipt: 1, artifact: 1, classArchive: 1, folder: 24, file: 21, process: 6, gate: 1, roll: 0 });
  });

  test("ZooKeeper servers start together, and at the first start of all brokers beside them", () => {
    const start = (member: string) => plan.changes.find(({ key }) => key === `start ${member}`);
    expect(start("n-1/zookeeper")?.after.some(({ key }) => key.startsWith("start") || key.startsWith("gate"))).toBe(
      false,
    );
    const fresh = ["n-1", "n-2", "n-3"].reduce(
      (state, node) => changed(state, node, () => ({ processes: {}, identities: {} })),
      running(world()),
    );
    const gateOf = (observed: ObservedState) =>
      makePlan({ ...world(), observed })
        .changes.find(({ key }) => key === "start n-1/broker")
        ?.after.filter(({ key }) => key.startsWith("gate"));
    expect(gateOf(fresh)).toEqual([{ key: "gate zookeeper", until: "begun" }]);
    // One that has run may still be registered.
    const dead = changed(fresh, "n-2", ({ processes }) => ({
      processes: { ...processes, "n-2/broker": { state: "dead" } },
    }));
    expect(gateOf(dead)).toEqual([{ key: "gate zookeeper", until: "done" }]);
    expect(plan.changes.find(({ kind }) => kind === "gate")).toMatchObject({
      enough: 2,
      after: ["n-1", "n-2", "n-3"].map((node) => ({ key: `start ${node}/zookeeper`, until: "begun" })),
    });
  });

  test("KRaft brokers start beside a lone controller, and once a majority serves where several are new", () => {
    const edges = (count: number) => {
      const nodes = [{ group: "n", count, roles: ["controller", "broker"] }];
      const { changes } = makePlan({ ...world({ nodes }), observed: nothing });
      const start = changes.find(({ key }) => key === "start n-1/broker");
      return start?.after.filter(({ key }) => key.startsWith("gate"));
    };
    expect(edges(1)).toEqual([{ key: "gate controller", until: "begun" }]);
    expect(edges(3)).toEqual([{ key: "gate controller", until: "done" }]);
  });

  test("the same input gives the same plan", () => {
    expect(JSON.stringify(makePlan({ ...world(), observed: nothing }))).toBe(JSON.stringify(plan));
  });
});

describe("a running cluster", () => {
  const now = world();
  const later = { ...now, receipt: { ...now.receipt, former: now.receipt.next } };

  test("as wanted: an empty plan", () => {
    expect(makePlan({ ...later, observed: running(now) })).toEqual({
      changes: [],
      obstacles: [],
      refusals: [],
      isPartial: false,
    });
  });

  test("a dead broker is started, and nothing else happens", () => {
    const observed = changed(running(now), "n-2", ({ processes }) => ({
      processes: { ...processes, "n-2/broker": { state: "dead" } },
    }));
    expect(verbs(makePlan({ ...later, observed }))).toEqual(["start start n-2/broker"]);
  });

  test("a whole dead ensemble is started together, and running brokers stay as they are", () => {
    const dead = { state: "dead" } as const;
    const observed = ["n-1", "n-2", "n-3"].reduce(
      (state, node) =>
        changed(state, node, ({ processes }) => ({ processes: { ...processes, [`${node}/zookeeper`]: dead } })),
      running(now),
    );
    const plan = makePlan({ ...later, observed });
    expect(verbs(plan)).toEqual(["n-1", "n-2", "n-3"].map((node) => `start start ${node}/zookeeper`));
    expect(plan.changes.every(({ after }) => after.length === 0)).toBe(true);
  });

  test("KRaft brokers that were stopped start beside controllers that have served; beside most of them new, once those serve", () => {
    const kraft = world({ nodes: [{ group: "n", count: 3, roles: ["controller", "broker"] }] });
    const dead = { state: "dead" } as const;
    const edges = (unformatted: readonly string[]) => {
      const observed = ["n-1", "n-2", "n-3"].reduce(
        (state, node) =>
          changed(state, node, ({ processes, identities }) => ({
            processes: { ...processes, [`${node}/controller`]: dead, [`${node}/broker`]: dead },
            identities: Object.fromEntries(Object.entries(identities).filter(([key]) => !unformatted.includes(key))),
          })),
        running(kraft),
      );
      const former = kraft.receipt.next;
      const { changes } = makePlan({ ...kraft, receipt: { ...kraft.receipt, former }, observed });
      return changes
        .find(({ key }) => key === "start n-1/broker")
        ?.after.filter(({ key }) => key.startsWith("gate"))
        .map(({ until }) => until);
    };
    expect(edges([])).toEqual(["begun"]);
    expect(edges(["n-3/controller"])).toEqual(["begun"]);
    expect(edges(["n-2/controller", "n-3/controller"])).toEqual(["done"]);
  });

  test("a second process of a service is stopped, and the first goes on", () => {
    const observed = changed(running(now), "n-2", ({ processes }) => ({
      processes: {
        ...processes,
        "n-2/broker": {
          ...(processes["n-2/broker"] as { state: "running"; pid: number; birth: string; inputs: string }),
          extras: [{ pid: 999, birth: "c", inputs: null }],
        },
      },
    }));
    const plan = makePlan({ ...later, observed });
    expect(plan.changes.map(({ title }) => title)).toEqual(["stop 1 further process of n-2/broker: 999"]);
  });

  test("a file changed by hand is put back, its lines shown, and nothing restarts", () => {
    const path = "/k/n-1/broker/config/server.properties";
    const wanted = now.desired.hosts[0]?.files.find((file) => file.path === path)?.content ?? "";
    const content = wanted.replace("default.replication.factor=3", "default.replication.factor=1");
    const observed = changed(running(now), "n-1", ({ files }) => ({
      files: { ...files, [path]: { kind: "file", digest: contentDigest(content), mode: 0o640, content } },
    }));
    const [change, ...others] = makePlan({ ...later, observed }).changes;
    expect(others).toEqual([]);
    expect(change).toMatchObject({
      kind: "file",
      verb: "update",
      diff: ["- default.replication.factor=1", "+ default.replication.factor=3"],
    });
  });

  test("a mode changed by hand is put back", () => {
    const path = "/k/n-1/broker/config/server.properties";
    const observed = changed(running(now), "n-1", ({ files }) => ({
      files: {
        ...files,
        [path]: { ...(files[path] as { kind: "file"; digest: string; content: string }), mode: 0o666 },
      },
    }));
    expect(verbs(makePlan({ ...later, observed }))).toEqual([`update file ${path}`]);
  });

  test("a file that was edited by hand is put back without a restart", () => {
    const path = "/k/n-1/broker/config/server.properties";
    const edited = { kind: "file", digest: "x", mode: 0o640, content: "a=b\n" } as const;
    const observed = changed(running(now), "n-1", ({ files }) => ({ files: { ...files, [path]: edited } }));
    expect(makePlan({ ...later, observed }).changes).toMatchObject([{ key: `file ${path}`, effect: "none" }]);
  });

  test("a changed setting names its key, and restarts the brokers one at a time after all files", () => {
    const edited = world(
      { kafka: { version: "3.9.1", heap: "768MiB", config: { "min.insync.replicas": "2" } } },
      now.receipt.next,
    );
    const plan = makePlan({ ...edited, observed: running(now) });
    const roll = plan.changes.find(({ kind }) => kind === "roll");
    expect(roll).toMatchObject({ members: ["n-1/broker", "n-2/broker", "n-3/broker"], effect: "restart" });
    expect(roll?.why).toEqual([
      { field: "kafka.heap", from: null, to: "-Xmx768m" },
      { field: "kafka.config.min.insync.replicas", from: null, to: "2" },
    ]);
    expect(plan.changes.filter(({ kind }) => kind === "file").every(({ effect }) => effect === "restart")).toBe(true);
  });

  test("a setting that is set live is no reason to restart, though it stands in the same file", () => {
    const none = { broker: null, cluster: null, file: null, default: "1" };
    const brokers = new Map([1, 2, 3].map((id) => [id, { "log.cleaner.threads": none }]));
    const kafka = { state: "known", silent: [], topics: [], voters: null, settings: { elr: false, brokers } } as const;
    const config = { "log.cleaner.threads": "2", "auto.create.topics.enable": "false" };
    const edited = world({ kafka: { version: "3.9.1", config } }, now.receipt.next, { kafka });
    const { changes } = makePlan({ ...edited, observed: running(now, kafka) });
    const fields = (kind: string) =>
      changes.filter((change) => change.kind === kind).map(({ why }) => why.map(({ field }) => field));
    expect(fields("setting")).toEqual([["kafka.config.log.cleaner.threads"]]);
    expect(fields("roll")).toEqual([["kafka.config.auto.create.topics.enable"]]);
  });

  test("a setting that went away is a change too", () => {
    const with2 = world({ kafka: { version: "3.9.1", config: { "min.insync.replicas": "2" } } });
    const without = world({}, with2.receipt.next);
    const plan = makePlan({ ...without, observed: running(with2) });
    expect(plan.changes.filter(({ kind }) => kind === "file").flatMap(({ diff }) => diff)).toEqual(
      Array.from({ length: 3 }, () => "- min.insync.replicas=2"),
    );
  });

  test("a new broker is only added", () => {
    const grown = world(
      {
        nodes: [
          { group: "n", count: 3, roles: ["zookeeper", "broker"] },
          { name: "extra", roles: ["broker"] },
        ],
      },
      now.receipt.next,
    );
    const plan = makePlan({ ...grown, observed: running(now) });
    expect(plan.obstacles).toEqual([]);
    expect([...new Set(plan.changes.map(({ node }) => node))]).toEqual([null, "extra"]);
    expect(plan.changes.find(({ key }) => key === "start extra/broker")?.why).toEqual([
      { field: "nodes", from: null, to: "extra/broker" },
    ]);
    expect(plan.changes.filter(({ kind }) => kind === "process" || kind === "roll").map(({ key }) => key)).toEqual([
      "start extra/broker",
    ]);
  });
});

test("what brokers serve is waited for by nothing: a worker that cannot start leaves no roll, setting or topic undone", () => {
  const nodes = [
    { group: "n", count: 3, roles: ["zookeeper", "broker"] },
    { group: "w", count: 2, roles: ["connect", "burrow"] },
  ];
  const burrow = { version: "1.9.5", archive: "/b.tar.gz", sha512: "0a".repeat(64) };
  const former = world({ nodes, burrow });
  const topics = [{ name: "orders", partitions: 1, replicas: 3 }];
  const config = { "auto.create.topics.enable": "false", "log.cleaner.threads": "2" };
  const none = { broker: null, cluster: null, file: null, default: "1" };
  const brokers = new Map([1, 2, 3].map((id) => [id, { "log.cleaner.threads": none }]));
  const kafka = { state: "known", silent: [], topics: [], voters: null, settings: { elr: false, brokers } } as const;
  const now = world({ nodes, burrow, topics, kafka: { version: "3.9.1", config } }, former.receipt.next, { kafka });
  const dead = ["w-1", "w-2", "n-3"].reduce(
    (state, node) =>
      changed(state, node, ({ processes }) => ({
        processes: Object.fromEntries(Object.keys(processes).map((key) => [key, { state: "dead" } as const])),
      })),
    running(former, kafka),
  );
  const { changes } = makePlan({ ...now, observed: dead });
  const before = (kind: string): readonly string[] =>
    changes
      .filter((change) => change.kind === kind)
      .flatMap(({ after }) => after.map(({ key }) => key))
      .filter((key) => key.startsWith("start "));
  expect(changes.filter(({ key }) => key.startsWith("start w-"))).toHaveLength(4);
  for (const kind of ["roll", "setting", "topic"])
    expect([kind, [...new Set(before(kind))]]).toEqual([kind, ["start n-3/zookeeper", "start n-3/broker"]]);
});

describe("obstacles: named, and nothing is planned past them", () => {
  const now = world();
  const later = { ...now, receipt: { ...now.receipt, former: now.receipt.next } };
  const said = (plan: Plan): readonly string[] => plan.obstacles.map(({ what }) => what);

  test("a port that somebody holds", () => {
    const observed: ObservedState = {
      ...nothing,
      hosts: {
        "n-1": {
          node: "n-1",
          files: {},
          folders: {},
          processes: {},
          identities: {},
          ports: { "9092": { pid: 7, command: "nc" }, "2181": null },
        },
      },
    };
    expect(said(makePlan({ ...now, observed }))).toEqual([
      "port 9092, n-1/broker's clients port, is held by process 7 (nc)",
    ]);
  });

  const withOutside = { kafka: { version: "3.9.1", external: {} } };

  test.each<[string, ObservedHost["ports"][string], readonly string[]]>([
    ["nobody", null, []],
    ["somebody", { pid: 7, command: "nc" }, ["held by process 7 (nc)"]],
    ["somebody who cannot be seen", { pid: null, command: null }, ["held by a process of another user"]],
    ["the broker itself", { pid: 101, command: "java" }, []],
  ])("a listener is added to a broker that runs, and its port is held by %s", (_, holder, expected) => {
    const wanted = world(withOutside, now.receipt.next);
    const observed = changed(running(now), "n-1", () => ({
      ports: { "9094": holder, "9092": { pid: 101, command: "java" } },
    }));
    const plan = makePlan({ ...wanted, observed });
    expect(said(plan)).toEqual(expected.map((who) => `port 9094, n-1/broker's external port, is ${who}`));
    expect(plan.changes.flatMap((change) => (change.kind === "roll" ? change.members : []))).toEqual([
      "n-1/broker",
      "n-2/broker",
      "n-3/broker",
    ]);
  });

  test("that listener may move while the broker runs", () => {
    const before = world(withOutside);
    const wanted = world({ kafka: { version: "3.9.1", external: { port: 9294 } } }, before.receipt.next);
    const plan = makePlan({ ...wanted, observed: running(before) });
    expect(plan.obstacles).toEqual([]);
    expect(plan.changes.find(({ kind }) => kind === "roll")?.why).toEqual([
      { field: "kafka.external.port", from: "9094", to: "9294" },
    ]);
  });

  test("an address that a machine does not have, of one that is there", () => {
    const there = { address: "10.0.0.1", privateAddress: "10.0.0.1", publicAddress: null, rack: null, user: null };
    const platform = { ...sshPlatform("demo"), nodes: { "n-1": there } };
    const plan = makePlan({ ...world(withOutside, null, { platform }), observed: nothing });
    expect(plan.obstacles).toMatchObject([
      {
        code: "no-address",
        node: "n-1",
        what: "the machine of n-1 has no address of the kind that `kafka.external.advertise` says clients are told",
      },
    ]);
  });

  test("another's identity in a data folder", () => {
    const observed = changed(running(now), "n-2", ({ identities }) => ({
      identities: {
        ...identities,
        "n-2/broker": { id: 3, clusterId: "x", directoryId: null },
        "n-2/zookeeper": { id: null, clusterId: null, directoryId: null },
      },
    }));
    expect(said(makePlan({ ...later, observed }))).toEqual(["n-2/broker is broker 2, but its own record says 3"]);
  });

  test("storage that is gone, with what its record said in case only that is gone", () => {
    const kraft = { nodes: [{ group: "n", count: 3, roles: ["controller", "broker"] }] };
    const born = world(kraft);
    const stored = { "n-2/broker": { id: 2, clusterId: "c", directoryId: "d" } };
    const { cluster, desired, kafka } = born;
    const identity = { clusterId: "c", directoryIds: {} };
    const made = { java: "/java", cache: "/cache", identity };
    const former = nextReceipt({ cluster, desired, made, stored, kafka: kafka.receipt }, null);
    const observed = changed(running(born), "n-2", () => ({ identities: {} }));
    const gone = makePlan({ ...born, receipt: { former, next: former }, observed }).obstacles;
    expect(gone.filter(({ node }) => node === "n-2")).toMatchObject([
      {
        code: "identity-conflict",
        what: "n-2/broker had its storage formatted, and now there is none",
        fix: expect.stringContaining("version=1, cluster.id=c, node.id=2, directory.id=d, one a line") as string,
      },
    ]);
  });

  test("ZooKeeper's data that is gone everywhere; not where one server still has it", () => {
    const receipt = { ...now.receipt.next, clusterId: "c" };
    const without = (nodes: readonly string[]): ObservedState =>
      nodes.reduce((state, node) => {
        const data = `/k/${node}/zookeeper/data`;
        return changed(state, node, ({ folders, identities, processes }) => ({
          folders: { ...folders, [data]: { kind: "absent" } },
          identities: Object.fromEntries(Object.entries(identities).filter(([key]) => !key.endsWith("/zookeeper"))),
          processes: { ...processes, [`${node}/zookeeper`]: { state: "dead" } },
        }));
      }, running(now));
    const planned = (nodes: readonly string[]): Plan =>
      makePlan({ ...now, receipt: { former: receipt, next: receipt }, observed: without(nodes) });
    expect(said(planned(["n-1", "n-2"]))).toEqual([]);
    expect(said(planned(["n-1", "n-2", "n-3"]))).toEqual(
      [1, 2, 3].map(
        (n) =>
          `n-${n}/zookeeper has no data any more, and neither has any other ZooKeeper server: what Kafka kept there is gone`,
      ),
    );
  });

  test("a symlink where a file should be", () => {
    const path = "/k/n-1/broker/config/server.properties";
    const observed = changed(running(now), "n-1", ({ files }) => ({
      files: { ...files, [path]: { kind: "other", what: "a symbolic link" } },
    }));
    expect(said(makePlan({ ...later, observed }))).toEqual([`${path} is a symbolic link, where kctl needs a file`]);
  });

  test("what is not built: another version, a server taken out", () => {
    const other = (spec: object): readonly string[] =>
      said(makePlan({ ...world(spec, now.receipt.next), observed: running(now) }));
    expect(other({ kafka: { version: "3.9.2" } })).toEqual([
      "the cluster runs Kafka 3.9.1, and the spec says 3.9.2: changing the version of a cluster is not built yet",
    ]);
    expect(
      other({
        nodes: [
          { group: "n", count: 2, roles: ["zookeeper", "broker"] },
          { name: "n-3", roles: ["broker"] },
        ],
      }),
    ).toEqual([
      "n-3/zookeeper belongs to the cluster and is not in the spec any more: taking a server out is not built yet",
    ]);
  });

  test("another version is fine where nothing has run yet", () => {
    const wanted = world({ kafka: { version: "3.9.2" } }, now.receipt.next);
    const blank = (node: string): ObservedHost => ({
      node,
      files: {},
      folders: {},
      processes: {},
      ports: {},
      identities: { [`${node}/zookeeper`]: { id: Number(node.slice(2)), clusterId: null, directoryId: null } },
    });
    const observed: ObservedState = {
      ...nothing,
      hosts: Object.fromEntries(wanted.desired.hosts.map(({ node }) => [node, blank(node)])),
    };
    expect(said(makePlan({ ...wanted, observed }))).toEqual([]);
    const data = changed(observed, "n-2", () => ({
      identities: { "n-2/broker": { id: 2, clusterId: "x", directoryId: null } },
    }));
    expect(said(makePlan({ ...wanted, observed: data }))).toHaveLength(1);
  });

  test("ports that would move under a running server; those of one that does not run may", () => {
    const moved = world({ kafka: { version: "3.9.1", clients: { port: 9500 } } }, now.receipt.next);
    const observed = changed(running(now), "n-2", ({ processes }) => ({
      processes: { ...processes, "n-2/broker": { state: "dead" } },
    }));
    expect(said(makePlan({ ...moved, observed }))).toEqual([
      "the ports of n-1/broker would change while it runs (clients 9092 to 9500): that is not built yet",
      "the ports of n-3/broker would change while it runs (clients 9112 to 9520): that is not built yet",
    ]);
  });
});

describe("the receipt", () => {
  test("that was lost learns from the data what was formatted, and lets controllers that come later join", () => {
    const { cluster, desired, kafka } = world({ nodes: [{ group: "n", count: 3, roles: ["controller", "broker"] }] });
    const stored = Object.fromEntries(
      cluster.members
        .filter(({ node }) => node !== "n-3")
        .map(({ key, id }) => [key, { id, clusterId: "c", directoryId: `of ${key}` }]),
    );
    const identity = identityOf(cluster, null, "c", () => "fresh");
    expect(identity).toEqual({ clusterId: "c", directoryIds: {} });
    const made = { java: "/java", cache: "/cache", identity };
    const next = nextReceipt({ cluster, desired, made, stored, kafka: kafka.receipt }, null);
    expect(next.formatted).toEqual(["n-1/broker", "n-1/controller", "n-2/broker", "n-2/controller"]);
    expect(next.directoryIds["n-3/controller"]).toBeUndefined();
    expect(identityOf(cluster, next, null, () => "fresh").directoryIds).not.toHaveProperty("n-3/controller");
  });

  test("is read back as it was written", () => {
    const { next } = world().receipt;
    expect(parseReceipt(receiptText(next))).toEqual(next);
  });

  test.each([
    ["", "is not valid JSON"],
    ["{}", "is damaged"],
    ['{"schema":2}', "was written by a newer kctl (schema 2)"],
    ["null", "is damaged"],
  ])("%j: %s", (text, why) => {
    expect(() => parseReceipt(text)).toThrow(`the receipt of this cluster ${why}`);
  });
});
