/** What destroy takes back of a machine that clusters share, as it is asked of the machine. */
import { describe, expect, test } from "vitest";
import type { Host, MachineHands } from "../../src/hosts/host.ts";
import type { Context } from "../../src/operations/context.ts";
import { unmakeMachines } from "../../src/operations/unmake-machine.ts";
import type { ObservedMachine } from "../../src/plan/observed.ts";
import { addedByOthers, nextReceipt, receiptText, type Receipt } from "../../src/plan/receipt.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { withBlock } from "../../src/render/hosts-block.ts";
import type { DesiredMachine } from "../../src/services/desired.ts";
import { world } from "../plan/support/world.ts";

const address = "10.0.0.1";
const { machine: platform } = sshPlatform("demo");
const kafka = "/opt/kctl/kafka-3.9.1";

function receiptOf(cluster: string, made: readonly string[]): Receipt {
  const spec = {
    name: cluster,
    provider: { type: "ssh" },
    nodes: [{ name: "kafka-1", address, roles: ["zookeeper", "broker"] }],
  };
  const { receipt } = world(spec, null, { platform: sshPlatform(cluster, { "kafka-1": address }) });
  const [machine] = Object.values(receipt.next.machines ?? {});
  if (machine === undefined) throw new Error("no machine");
  return { ...receipt.next, machines: { "kafka-1": { ...machine, software: [kafka], made: [...made] } } };
}

/** @returns what was asked of the machine, a word and its object each */
async function asked(
  made: readonly string[],
  seen: Partial<ObservedMachine>,
  hosts: "written" | "changed-meanwhile" = "written",
  units: readonly string[] = [],
): Promise<readonly string[]> {
  const said: string[] = [];
  const say = async (what: string): Promise<void> => void said.push(what);
  const hands: Partial<MachineHands> = {
    quietUnit: (unit) => (units.length === 0 ? Promise.resolve() : say(`stop ${unit}`)),
    unmountVolume: ({ unit, mountPoint }) => say(`unmount ${unit} ${mountPoint}`),
    removeIfEmpty: (paths) => say(`empty ${paths.join(" ")}`),
    disableUnit: async () => undefined,
    reloadUnits: async () => undefined,
    removeLink: async () => undefined,
    removePackages: (names) => say(`packages ${names.join(" ")}`),
    removeUser: () => say("user"),
    removeSoftware: (folders) => say(`software ${folders.join(" ")}`),
    setSysctls: async (settings) => {
      await say(`sysctl ${JSON.stringify(settings)}`);
      return [];
    },
    writeHostsFile: async () => hosts,
  };
  const host: Partial<Host> & Pick<Host, "node"> = {
    node: "kafka-1",
    machine: hands as MachineHands,
    removeFile: (path) => (path.startsWith("/var/lib/kctl/demo/history") ? say(`file ${path}`) : Promise.resolve()),
    removeTree: async () => undefined,
  };
  const machine: Partial<ObservedMachine> = { hostsFile: null, otherReceipts: {}, sysctl: {}, ...seen };
  const looked = {
    host: host as Host,
    wanted: {
      node: "kafka-1",
      folders: [],
      files: [],
      processes: [],
      storedIds: [],
      storage: [],
      machine: { sysctl: { "vm.swappiness": "1", "vm.max_map_count": "262144" } } as unknown as DesiredMachine,
    },
    seen: {
      node: "kafka-1",
      files: {},
      folders: {},
      processes: {},
      ports: {},
      identities: {},
      machine: machine as ObservedMachine,
    },
  };
  const context: Pick<Context, "emit"> = { emit: () => undefined };
  const receipt = receiptOf("demo", made);
  for (const machine of Object.values(receipt.machines ?? {})) machine.units.push(...units);
  await unmakeMachines([looked], receipt, { keep: null, platform }, context as Context);
  return said;
}

test("where data is kept, all servers' folders of it stay, those of workers too, and the user they belong to", async () => {
  const spec = {
    provider: { type: "ssh" },
    nodes: [{ name: "kafka-1", address, roles: ["zookeeper", "broker", "connect"] }],
  };
  const { cluster, desired, receipt } = world(spec, null, { platform: sshPlatform("demo", { "kafka-1": address }) });
  const removed: string[] = [];
  const nothingDone = async (): Promise<void> => undefined;
  const hands: Partial<MachineHands> = {
    quietUnit: nothingDone,
    disableUnit: nothingDone,
    reloadUnits: nothingDone,
    removeLink: nothingDone,
    removeSoftware: nothingDone,
    removeUser: async () => void removed.push("user"),
  };
  const host: Partial<Host> = {
    node: "kafka-1",
    machine: hands as MachineHands,
    removeFile: async (path) => void removed.push(path),
    removeTree: async (path) => void removed.push(path),
  };
  const machine: Partial<ObservedMachine> = { hostsFile: null, otherReceipts: {}, sysctl: {} };
  const seen = { node: "kafka-1", files: {}, folders: {}, processes: {}, ports: {}, identities: {} };
  const [wanted] = desired.hosts;
  const [own] = Object.values(receipt.next.machines ?? {});
  if (wanted === undefined || own === undefined) throw new Error("no machine");
  await unmakeMachines(
    [{ host: host as Host, wanted, seen: { ...seen, machine: machine as ObservedMachine } }],
    { ...receipt.next, machines: { "kafka-1": { ...own, made: ["user kctl"] } } },
    { keep: new Map([["kafka-1", cluster.members.map(({ folders }) => folders.data)]]), platform },
    { emit: () => undefined } as unknown as Context,
  );
  expect(own.folders).toContain("/var/lib/kctl/demo/connect");
  expect(removed).toContain("/etc/kctl/demo/connect");
  expect(removed.filter((path) => path === "user" || path.startsWith("/var/lib"))).toEqual([]);
});

const made = ["package openjdk-17-jre-headless", "user kctl"];

describe("of a machine", () => {
  test("that is this cluster's alone, all goes", async () => {
    expect(await asked(made, {})).toEqual([`software ${kafka}`, "packages openjdk-17-jre-headless", "user"]);
  });

  test("with a data volume, that is unmounted once its servers have stopped and what is theirs is gone", async () => {
    const mount = "var-lib-kctl-demo.mount";
    expect(await asked([...made, "volume vol-1"], {}, "written", [mount])).toEqual([
      "stop kctl-demo-broker.service",
      "stop kctl-demo-hosts.service",
      "stop kctl-demo-zookeeper.service",
      `software ${kafka}`,
      "file /var/lib/kctl/demo/history.jsonl",
      `unmount ${mount} /var/lib/kctl/demo`,
      "empty /var/lib/kctl/demo",
      "packages openjdk-17-jre-headless",
      "user",
    ]);
  });

  test("that another cluster is on, what its servers may run stays, though this one added it", async () => {
    const other = receiptText(receiptOf("other", []));
    expect(await asked([...made, "sysctl vm.swappiness=60"], { otherReceipts: { other } })).toEqual(["software "]);
  });

  test("with a receipt that cannot be read, nothing that is shared goes", async () => {
    expect(await asked(made, { otherReceipts: { other: "{}" } })).toEqual(["software "]);
  });

  test("the kernel's settings are again what they were, but for those that somebody has set since", async () => {
    const sysctl = { "vm.swappiness": "1", "vm.max_map_count": "300000" };
    const before = ["sysctl net.ipv4.tcp_rmem=4096 1 2", "sysctl vm.max_map_count=65530", "sysctl vm.swappiness=60"];
    // No longer in the spec: tcp_rmem; somebody's own by now: max_map_count.
    expect(await asked(before, { sysctl })).toEqual([
      `software ${kafka}`,
      'sysctl {"net.ipv4.tcp_rmem":"4096 1 2","vm.swappiness":"60"}',
    ]);
  });

  test("whose /etc/hosts somebody wrote meanwhile, the block is not forgotten", async () => {
    const hostsFile = withBlock("127.0.0.1 localhost\n", {
      cluster: "demo",
      entries: [{ address, names: ["kafka-1"] }],
    });
    await expect(asked([], { hostsFile }, "changed-meanwhile")).rejects.toThrow(
      "/etc/hosts of kafka-1 was changed by somebody else",
    );
  });
});

test("the cluster that is left has in its receipt what the other added to the machine they share, and only to that", () => {
  const first = receiptText(receiptOf("first", made));
  expect(addedByOthers(address, { first, damaged: "{}" })).toEqual(made);
  expect(addedByOthers("10.0.0.2", { first })).toEqual([]);
  // A volume is one cluster's.
  expect(addedByOthers(address, { first: receiptText(receiptOf("first", ["volume vol-1"])) })).toEqual([]);
  const { cluster, desired } = world(
    { provider: { type: "ssh" }, nodes: [{ name: "kafka-1", address, roles: ["zookeeper", "broker"] }] },
    null,
    { platform: sshPlatform("demo", { "kafka-1": address }) },
  );
  const input = {
    cluster,
    desired,
    made: { java: "/java", cache: "/cache", identity: { clusterId: "", directoryIds: {} } },
    stored: {},
    kafka: { liveSettings: { cluster: [], brokers: {} }, topics: {} },
  };
  const next = nextReceipt({ ...input, inherited: { "kafka-1": made } }, null);
  expect(next.machines?.["kafka-1"]?.made).toEqual(made);
  expect(nextReceipt({ ...input, inherited: { "kafka-1": made } }, next)).toEqual(next);
});
