/** What a machine is given beside what its servers are: to the byte, with owners and modes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import { resolveCluster } from "../../src/cluster/resolve.ts";
import type { Platform } from "../../src/cluster/platform.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { desiredState } from "../../src/services/desired-state.ts";
import { softwareOn } from "../../src/services/machine.ts";
import { templateNames, type ServiceContext } from "../../src/services/service.ts";
import type { DesiredHost } from "../../src/services/desired.ts";
import { specSchema, type Spec } from "../../src/spec/schema.ts";
import { world } from "../plan/support/world.ts";

const addresses = { "kafka-1": "10.77.0.11", "kafka-2": "10.77.0.12", "kafka-3": "10.77.0.13" };

type Roles = readonly ["zookeeper" | "controller", "broker"];

function specOf(version: string, [first, second]: Roles, zookeeper: object | undefined): Spec {
  return specSchema.parse({
    name: "staging",
    provider: { type: "ssh", user: "root" },
    kafka: { version, clients: { advertise: "name" } },
    ...(zookeeper === undefined ? {} : { zookeeper }),
    sysctl: { "net.core.somaxconn": "4096" },
    nodes: Object.entries(addresses).map(([node, address]) => ({ name: node, address, roles: [first, second] })),
  });
}

test.each<[string, string, Roles, object | undefined]>([
  ["ssh-3.9.1-zookeeper", "3.9.1", ["zookeeper", "broker"], { version: "3.8.4" }],
  ["ssh-4.3.1-kraft", "4.3.1", ["controller", "broker"], undefined],
])("%s", async (name, version, roles, zookeeper) => {
  const hosts = await hostsOf(specOf(version, roles, zookeeper), sshPlatform("staging", addresses));
  await expect(textOf(hosts[0])).toMatchFileSnapshot(`../golden/${name}.txt`);
});

test("a machine of Burrow's", async () => {
  const spec = specSchema.parse({
    name: "staging",
    provider: { type: "ssh", user: "root" },
    kafka: { version: "3.9.1" },
    burrow: { version: "1.9.5", archive: "b.tar.gz", sha512: "0123456789abcdef".repeat(8) },
    nodes: Object.entries(addresses).map(([node, address], index) => ({
      name: node,
      address,
      roles: index === 2 ? ["burrow"] : ["zookeeper", "broker"],
    })),
  });
  const [, , host] = await hostsOf(spec, sshPlatform("staging", addresses));
  await expect(textOf(host)).toMatchFileSnapshot("../golden/ssh-3.9.1-burrow.txt");
});

test("a machine whose servers tell their metrics", async () => {
  const spec = specSchema.parse({
    name: "staging",
    provider: { type: "ssh", user: "root" },
    kafka: { version: "4.3.1" },
    metrics: {},
    nodes: [{ name: "kafka-1", address: "10.77.0.11", roles: ["controller", "broker", "connect"] }],
  });
  const [host] = await hostsOf(spec, sshPlatform("staging", { "kafka-1": "10.77.0.11" }));
  await expect(textOf(host)).toMatchFileSnapshot("../golden/ssh-4.3.1-metrics.txt");
});

/** As the plan of a first `up` has it: kafka-1 is there, kafka-2 is to be made in a zone, of kafka-3 nothing is known. */
test("machines that are still to be made", async () => {
  const spec = specSchema.parse({
    name: "staging",
    provider: { type: "aws", region: "eu-central-1" },
    kafka: { version: "3.9.1", external: {} },
    nodes: [{ group: "kafka", count: 3, roles: ["zookeeper", "broker"] }],
  });
  const kafka1 = { address: "203.0.113.1", privateAddress: "10.0.0.1", publicAddress: "203.0.113.1" };
  const kafka2 = { address: null, privateAddress: null, publicAddress: null };
  const hosts = await hostsOf(spec, {
    ...sshPlatform("staging", { "kafka-1": "10.0.0.1" }),
    nodes: { "kafka-1": { ...kafka1, rack: "a", user: "admin" }, "kafka-2": { ...kafka2, rack: "b", user: "admin" } },
  });
  const lines = hosts.flatMap(({ node, files, machine }) => {
    const its = files.flatMap(({ content }) => content.split("\n"));
    const about = its.filter((line) => /^(advertised\.listeners|broker\.rack)=/.test(line));
    return [node, ...about, ...(machine?.hosts.entries ?? []).map(({ address, names }) => `${address} ${names[0]}`)];
  });
  const hosts3 = ["10.0.0.1 kafka-1", "<known after up> kafka-2", "<known after up> kafka-3"];
  const at = (own: string, inside: string, outside: string): string =>
    `advertised.listeners=INTERNAL://${own}:9091,CLIENTS://${inside}:9092,EXTERNAL://${outside}:9094`;
  expect(lines).toEqual([
    "kafka-1",
    "broker.rack=a",
    at("kafka-1", "10.0.0.1", "203.0.113.1"),
    ...hosts3,
    "kafka-2",
    "broker.rack=b",
    at("kafka-2", "<known after up>", "<known after up>"),
    ...hosts3,
    "kafka-3",
    "broker.rack=<known after up>",
    at("kafka-3", "<known after up>", "<known after up>"),
    ...hosts3,
  ]);
  // What a server is started with is as unknown as the files that it reads; ZooKeeper's read no address.
  const known = hosts.flatMap(({ processes }) =>
    processes.map(({ key, inputs }) => [key, inputs !== "<known after up>"]),
  );
  expect(Object.fromEntries(known)).toEqual({
    "kafka-1/broker": true,
    "kafka-1/zookeeper": true,
    "kafka-2/broker": false,
    "kafka-2/zookeeper": true,
    "kafka-3/broker": false,
    "kafka-3/zookeeper": true,
  });
});

async function hostsOf(spec: Spec, platform: Platform): Promise<readonly DesiredHost[]> {
  const { machine } = platform;
  if (machine === null) throw new Error("ssh sets machines up");
  const texts = await Promise.all(
    templateNames.map(async (one) => [one, await readFile(join(import.meta.dirname, "../../templates", one), "utf8")]),
  );
  const cluster = resolveCluster(spec, platform, noKnownIds);
  return desiredState({
    cluster,
    platform,
    java: `${machine.cluster}/java/bin/java`,
    software: (artifact) => (artifact.name === "java" ? "" : softwareOn(machine, artifact)),
    classArchive: () => null,
    templates: Object.fromEntries(texts) as ServiceContext["templates"],
    identity: { clusterId: "AAAAAAAAAAAAAAAAAAAAAQ", directoryIds: {} },
  }).hosts;
}

function textOf(host: DesiredHost | undefined): string {
  const way = ({ mode, owner }: { mode: number; owner?: { user: string; group: string } }): string =>
    `${mode.toString(8)} ${owner?.user ?? "-"}:${owner?.group ?? "-"}`;
  const { units, software, java, sysctl } = host?.machine ?? {};
  return [
    ...(host?.folders ?? []).map((folder) => `folder ${folder.path} ${way(folder)}\n`),
    `${JSON.stringify({ units, software, java, sysctl }, null, 2)}\n`,
    ...(host?.processes ?? []).map(
      ({ key, argv, console: at, log }) => `${JSON.stringify({ key, argv, console: at, log }, null, 2)}\n`,
    ),
    ...(host?.files ?? []).map((file) => `\n==> ${file.path} ${way(file)}\n${file.content}`),
  ].join("");
}

test("with a data volume: a unit that mounts it, and servers that do not start without it; all else is as it is without", async () => {
  const at = sshPlatform("my-cluster", { "kafka-1": "10.0.0.1" });
  if (at.machine === null) throw new Error("ssh sets machines up");
  const id = "vol-0123456789abcdef0";
  const its = { id, uuid: "0f7a3f5e-6c1d-5a3b-9d2e-4b1c8a7e6f50", sizeBytes: 2 ** 30 };
  const around = (volumes: Readonly<Record<string, typeof its>>) => ({
    platform: { ...at, machine: { ...at.machine, volumes } } as Platform,
  });
  const spec = {
    name: "my-cluster",
    provider: { type: "ssh" },
    nodes: [{ name: "kafka-1", address: "10.0.0.1", roles: ["zookeeper", "broker"] }],
  };
  const serverUnit = await readFile(join(import.meta.dirname, "../../templates/server.service"), "utf8");
  const hostOf = (volumes: Readonly<Record<string, typeof its>>) =>
    world(spec, null, around(volumes), { "server.service": serverUnit }).desired.hosts[0];
  const [without, given] = [hostOf({}), hostOf({ "kafka-1": its })];
  const unit = String.raw`var-lib-kctl-my\x2dcluster.mount`;
  expect(without?.machine?.volume).toBeNull();
  expect(given?.machine?.volume).toEqual({
    ...its,
    device: "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0",
    mountPoint: "/var/lib/kctl/my-cluster",
    unit,
  });
  const path = `/etc/systemd/system/${unit}`;
  expect(given?.machine?.units).toEqual([{ name: unit, path, member: null }, ...(without?.machine?.units ?? [])]);
  const texts = (host: typeof given) => new Map(host?.files.map(({ path: file, content }) => [file, content]));
  const [before, after] = [texts(without), texts(given)];
  expect([...after.keys()].filter((file) => !before.has(file))).toEqual([path]);
  for (const [file, text] of before) {
    const assertion =
      "# Without its volume it would begin anew in the empty folder.\nAssertPathIsMountPoint=/var/lib/kctl/my-cluster\n";
    const withInputs = (one: string) => one.replaceAll(/-Dkctl\.inputs=\w+/g, "");
    expect(withInputs((after.get(file) ?? "").replace(assertion, ""))).toBe(withInputs(text));
    expect((after.get(file) ?? "").includes(assertion)).toBe(/-(zookeeper|broker)\.service$/.test(file));
  }
});
