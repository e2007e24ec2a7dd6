/** Versions of software on a machine: what a receipt lists of them, and which of them go. */
import { describe, expect, test } from "vitest";
import { makePlan } from "../../src/plan/make-plan.ts";
import type { ObservedHost, ObservedState } from "../../src/plan/observed.ts";
import {
  listedSoftware,
  softwareInUse,
  softwareTitle,
  softwareToRemove,
  type OtherCluster,
} from "../../src/plan/software-versions.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { receiptText, type Receipt } from "../../src/plan/receipt.ts";
import type { DesiredMachine } from "../../src/services/desired.ts";
import { running, world } from "./support/world.ts";

const at = (name: string): string => `/opt/kctl/${name}`;
const [a, b, c] = [at("kafka-3.7.2"), at("kafka-3.8.1"), at("kafka-3.9.1")] as const;

const seen = (...folders: readonly string[]) => ({
  java: null,
  otherSoftware: Object.fromEntries(folders.map((folder) => [folder, { inUse: false }])),
});
const other = (cluster: string, ...software: readonly string[]): OtherCluster => ({
  cluster,
  machines: { "another-name": { software } },
});

test.each([
  [a, "kafka 3.7.2"],
  [at("zookeeper-3.8.4"), "zookeeper 3.8.4"],
  [at("java-17"), "java 17"],
  [at("burrow-1.9.5-0123456789ab"), "burrow 1.9.5-0123456789ab"],
  [at("connect-plugin-org.x_file-source_4.3.1"), "connect-plugin org.x_file-source_4.3.1"],
])("%s is called %s", (folder, title) => {
  expect(softwareTitle(folder)).toBe(title);
});

describe("what a receipt lists", () => {
  const listed = (former: readonly string[], used: readonly string[], there: readonly string[]) =>
    listedSoftware(former, used, seen(...there), { cluster: "demo", others: [] });

  test("is in the order of use, also after a rollback", () => {
    expect(listed([], [a], [])).toEqual([a]);
    expect(listed([a], [b], [a])).toEqual([a, b]);
    expect(listed([a, b], [a], [b])).toEqual([b, a]);
    expect(listed([b, a], [a], [b])).toEqual([b, a]);
  });

  test("has what is to go until it is seen gone, and all of a machine that was not seen", () => {
    expect(listed([a, b], [c], [a, b])).toEqual([a, b, c]);
    expect(listed([a, b, c], [c], [b])).toEqual([b, c]);
    expect(listedSoftware([a, b], [c], undefined, { cluster: "demo", others: [] })).toEqual([a, b, c]);
  });

  test.each<[string, OtherCluster | null, readonly string[]]>([
    ["another cluster uses it: it sees to it from now on", other("two", a), [b, c]],
    ["another one keeps it for a rollback", other("two", a, b), [b, c]],
    ["another one is to remove it as well, and is the first by name", other("before", a, b, c), [b, c]],
    ["another one is to remove it as well, and is not the first", other("two", a, b, c), [a, b, c]],
    ["another one's receipt cannot be read", null, [a, b, c]],
    ["another one does not know it", other("two", c), [a, b, c]],
  ])("of what is to go: %s", (_, one, expected) => {
    expect(listedSoftware([a, b], [c], seen(a, b), { cluster: "demo", others: [one] })).toEqual(expected);
  });
});

test.each<[string, readonly string[], readonly string[], readonly (OtherCluster | null)[], readonly string[]]>([
  ["the last two stay", [a, b], [b], [], []],
  ["what was used before them goes", [a, b, c], [c], [], [a]],
  ["after a rollback, what was left before goes", [a, c, b], [b], [], [a]],
  ["of what is not used at all, the last stays", [a, b, at("zookeeper-3.8.4")], [at("zookeeper-3.8.4")], [], [a]],
  ["each sort has its own", [a, at("zookeeper-3.8.3"), b], [b], [], []],
  [
    "an archive of the same name is another version of it",
    [
      at("connect-plugin-x-1.0-0123456789ab"),
      at("connect-plugin-x-1.0-abcdefabcdef"),
      at("connect-plugin-x-2.0-0123456789ab"),
    ],
    [at("connect-plugin-x-2.0-0123456789ab")],
    [],
    [at("connect-plugin-x-1.0-0123456789ab")],
  ],
  ["what another cluster lists stays", [a, b, c], [c], [other("two", a)], []],
  ["nothing goes while another's receipt cannot be read", [a, b, c], [c], [null], []],
])("%s", (_, listed, used, others, gone) => {
  expect(softwareToRemove(listed, used, seen(...listed), others)).toEqual(gone);
});

test("what is gone already is not removed again", () => {
  expect(softwareToRemove([a, b, c], [c], seen(b), [])).toEqual([]);
});

test("a Java of an archive is used while the link leads to it", () => {
  const machine = { software: [{ folder: c }], java: { unpacked: at("java-17") } } as unknown as DesiredMachine;
  expect(softwareInUse(machine, { java: { home: at("java-21"), major: 21 } })).toEqual([at("java-21"), c]);
  expect(softwareInUse(machine, { java: { home: "/usr/lib/jvm/17", major: 17 } })).toEqual([c]);
  expect(softwareInUse(machine, undefined)).toEqual([c]);
});

describe("in a plan", () => {
  const spec = (zookeeper: string) => ({
    provider: { type: "ssh" },
    zookeeper: { version: zookeeper },
    nodes: [{ name: "kafka-1", address: "10.0.0.1", roles: ["zookeeper", "broker"] }],
  });
  const wanted = (version: string, former: Receipt | null = null) =>
    world(spec(version), former, { platform: sshPlatform("demo", { "kafka-1": "10.0.0.1" }) });
  const zookeeper = (patch: number): string => at(`zookeeper-3.8.${patch}`);

  /** A machine on which 3.8.2, and before it 3.8.1, ran, and the spec says 3.8.3 from now on. */
  function planned(use: { readonly inUse: boolean }, processes: "as before" | "as wanted") {
    const before = wanted("3.8.2");
    const [machine] = Object.values(before.receipt.next.machines ?? {});
    if (machine === undefined) throw new Error("no machine");
    const former = {
      ...before.receipt.next,
      machines: { "kafka-1": { ...machine, software: [zookeeper(1), at("kafka-3.9.1"), zookeeper(2)] } },
    };
    const now = wanted("3.8.3", former);
    const state = running(processes === "as before" ? before : now);
    const [host] = Object.values(state.hosts);
    if (host === undefined) throw new Error("no host");
    const its: ObservedHost = {
      ...host,
      machine: {
        user: true,
        software: { [at("kafka-3.9.1")]: true, [zookeeper(3)]: processes === "as wanted" },
        otherSoftware: { [zookeeper(1)]: use, [zookeeper(2)]: { inUse: true }, [at("kafka-4.3.1")]: { inUse: false } },
        leftovers: [],
        java: { home: "/usr/lib/jvm/17", major: 17 },
        javas: [],
        hostsFile: null,
        resolves: {},
        resolveSeconds: 0,
        sysctl: {},
        units: {},
        receipt: null,
        otherReceipts: {},
      },
    };
    const observed: ObservedState = { ...state, receipt: receiptText(former), hosts: { "kafka-1": its } };
    const { changes } = makePlan({ ...now, observed });
    return changes.filter(({ verb }) => verb === "remove");
  }

  test("the version before the last goes, after the servers have restarted, and nothing else of what lies there", () => {
    const [removal, ...others] = planned({ inUse: true }, "as before");
    expect(others).toEqual([]);
    expect(removal).toMatchObject({
      kind: "machine",
      title: "remove zookeeper 3.8.1 on kafka-1",
      step: { kind: "old-software", folder: zookeeper(1) },
    });
    const before = removal?.after.map(({ key }) => key);
    for (const key of ["receipt", "roll", `software ${zookeeper(3)} on kafka-1`]) expect(before).toContain(key);
  });

  test("what a process runs from that nothing restarts stays", () => {
    expect(planned({ inUse: true }, "as wanted")).toEqual([]);
    expect(planned({ inUse: false }, "as wanted")).toHaveLength(1);
  });
});
