/** What `kctl init` writes, to the byte, for each choice; and what it makes of answers. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadSpec } from "../../src/spec/load.ts";
import { clusterName } from "../../src/spec/formats.ts";
import {
  defaultKafka,
  defaultName,
  modesOf,
  readKafka,
  readMode,
  readName,
  readNodes,
  readAddresses,
  readClients,
  readInstanceType,
  readPort,
  readProvider,
  readRegion,
  readUser,
  starterSpec,
  type Choices,
} from "../../src/spec/starter.ts";
import { kafkaMinors } from "../../src/spec/versions.ts";

const template = await readFile(join(import.meta.dirname, "../../templates/spec.yaml"), "utf8");

const base: Choices = { name: "demo", provider: "local", kafka: "4.3.1", mode: "kraft", nodes: 3, port: null };

const cases: Readonly<Record<string, Choices>> = {
  defaults: base,
  "one-node": { ...base, nodes: 1 },
  "two-nodes": { ...base, nodes: 2 },
  "five-nodes": { ...base, nodes: 5 },
  "own-port": { ...base, port: 19092 },
  zookeeper: { ...base, kafka: "3.9.2", mode: "zookeeper" },
  "zookeeper-four-nodes": { ...base, kafka: "3.7.2", mode: "zookeeper", nodes: 4, port: 29092 },
  ssh: {
    ...base,
    provider: "ssh",
    user: "admin",
    addresses: ["10.0.0.11", "10.0.0.12", "k3.example.com", "10.0.0.14"],
    nodes: 4,
  },
  aws: { ...base, provider: "aws", region: "eu-west-1", instanceType: "m7g.xlarge", clients: "10.1.0.0/16", nodes: 5 },
};

function providerOf(choices: Choices): object {
  switch (choices.provider) {
    case "local":
      return { type: "local", port: choices.port ?? 9092 };
    case "ssh":
      return { type: "ssh", user: choices.user };
    case "aws": {
      const { region, clients } = choices;
      return { type: "aws", region, access: { ssh: ["auto"], clients: [clients] } };
    }
  }
}

/** The spec with every suggestion taken. */
const uncommented = (text: string): string => text.replaceAll(/^( *)# (?=( *- )?( *)[a-z.]+:)/gm, "$1");

describe.each(Object.entries(cases))("%s", (name, choices) => {
  const text = starterSpec(template, choices);

  test("to the byte", async () => {
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, `../golden/init/${name}.yaml`));
  });

  test("is valid, and has what was chosen", () => {
    const loaded = loadSpec(text, { file: "kctl.yaml", env: {} });
    expect(loaded).toMatchObject({ ok: true });
    if (!loaded.ok) return;
    const { spec, warnings } = loaded;
    expect(spec).toMatchObject({ name: choices.name, kafka: { version: choices.kafka } });
    expect(spec.provider).toMatchObject(providerOf(choices));
    expect(spec.nodes.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(choices.nodes);
    const keeper = choices.mode === "kraft" ? "controller" : "zookeeper";
    expect(spec.nodes[0]?.roles).toEqual([keeper, "broker"]);
    // Only a cluster of one or two nodes deserves a warning: what it lacks.
    expect(warnings.length > 0).toBe(choices.nodes < 3);
  });

  test("is valid with all that it suggests", () => {
    const all = uncommented(text);
    const loaded = loadSpec(all, { file: "kctl.yaml", env: {} });
    expect(loaded, all).toMatchObject({ ok: true });
    if (loaded.ok)
      expect(loaded.spec).toMatchObject({
        provider: providerOf(choices),
        kafka: { heap: choices.provider === "local" ? 512 : 4096, config: { "auto.create.topics.enable": "false" } },
        topics: [{ name: "orders", partitions: 6, replicas: Math.min(3, choices.nodes) }],
      });
  });
});

test("the schema's line comes first, where editors look, and names the file beside the spec", () => {
  expect(starterSpec(template, base).split("\n")[0]).toBe("# yaml-language-server: $schema=kctl.schema.json");
});

test("any choice of Kafka, mode and nodes is valid", () => {
  for (const { patches, modes } of kafkaMinors)
    for (const mode of modes)
      for (const nodes of [1, 2, 3, 4, 7, 100]) {
        const text = starterSpec(template, { ...base, kafka: patches[0] ?? "", mode, nodes });
        expect(loadSpec(text, { file: "kctl.yaml", env: {} }), text).toMatchObject({ ok: true });
      }
});

describe("answers", () => {
  const wrong = { why: expect.any(String) as unknown };

  test.each([
    ["my-shop", "my-shop"],
    ["My Shop!", "my-shop"],
    ["3rd_place", "rd-place"],
    ["kctl e2é-x1", "kctl-e2e-x1"],
    ["日本", "demo"],
    ["", "demo"],
    [`${"a".repeat(39)}-b`, "a".repeat(39)],
  ])("the folder %j gives the name %s", (folder, name) => {
    expect(defaultName(folder)).toBe(name);
    expect(clusterName.safeParse(name).success).toBe(true);
  });

  test("names", () => {
    expect(readName("orders-2")).toEqual({ value: "orders-2" });
    for (const name of ["", "Orders", "a_b", "-a", "1a", "a".repeat(41)]) expect(readName(name)).toEqual(wrong);
  });

  test("machines", () => {
    expect(readRegion("ap-northeast-2")).toEqual({ value: "ap-northeast-2" });
    for (const region of ["", "eu-central-1a", "Frankfurt"]) expect(readRegion(region)).toEqual(wrong);
    expect(readInstanceType("m7g.large")).toEqual({ value: "m7g.large" });
    for (const type of ["", "large", "m7g large"]) expect(readInstanceType(type)).toEqual(wrong);
    expect(readClients("10.0.0.0/8")).toEqual({ value: "10.0.0.0/8" });
    for (const range of ["", "10.0.0.1/8", "10.0.0.1", "all"]) expect(readClients(range)).toEqual(wrong);
    expect(readUser("ec2-user")).toEqual({ value: "ec2-user" });
    for (const user of ["", "a b", "-a"]) expect(readUser(user)).toEqual(wrong);
    expect(readAddresses("10.0.0.1, k2.example.com,10.0.0.3")).toEqual({
      value: ["10.0.0.1", "k2.example.com", "10.0.0.3"],
    });
    for (const list of ["", ",", "10.0.0.1,10.0.0.1", "{x}"]) expect(readAddresses(list)).toEqual(wrong);
  });

  test("providers, and those that are not known", () => {
    for (const one of ["local", "ssh", "aws"]) expect(readProvider(one)).toEqual({ value: one });
    expect(readProvider("azure")).toEqual({ why: expect.stringContaining("there is no provider `azure`") as unknown });
  });

  test("versions: in full, or the newest of a minor; of those that have the mode", () => {
    expect(defaultKafka(null)).toBe(kafkaMinors.at(-1)?.patches.at(-1));
    expect(defaultKafka("zookeeper")).toBe("3.9.2");
    expect(readKafka("3.9", null)).toEqual({ value: "3.9.2" });
    expect(readKafka("3.9.1", "zookeeper")).toEqual({ value: "3.9.1" });
    expect(readKafka("4.3.1", "zookeeper")).toEqual({
      why: "Kafka 4.3 has no ZooKeeper any more; 3.9.2 is the last that has",
    });
    expect(readKafka("3.8.1", "kraft")).toEqual(wrong);
    for (const version of ["", "4", "4.3.1.1", "2.8.0", "newest", "4.3.x"])
      expect(readKafka(version, null)).toEqual(wrong);
  });

  test("modes", () => {
    expect([modesOf("3.8.1"), modesOf("3.9.1"), modesOf("4.0.0")]).toEqual([
      ["zookeeper"],
      ["kraft", "zookeeper"],
      ["kraft"],
    ]);
    expect(readMode("zookeeper", "3.9.1")).toEqual({ value: "zookeeper" });
    expect(readMode("zk", "3.9.1")).toEqual(wrong);
    expect(readMode("kraft", "3.8.1")).toEqual(wrong);
  });

  test("numbers", () => {
    expect(readNodes("7")).toEqual({ value: 7 });
    for (const nodes of ["0", "101", "-1", "3.5", "three", "1e1", ""]) expect(readNodes(nodes)).toEqual(wrong);
    expect(readPort("19092")).toEqual({ value: 19_092 });
    for (const port of ["0", "65536", "x", ""]) expect(readPort(port)).toEqual(wrong);
  });
});
