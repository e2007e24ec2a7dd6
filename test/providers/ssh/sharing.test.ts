/** Ports that a machine may lend to what it shares: those of its servers that cannot start before they have it. */
import { expect, test } from "vitest";
import { sharing } from "../../../src/providers/ssh/sharing.ts";
import { sshPlatform } from "../../../src/providers/ssh/platform.ts";
import { specSchema } from "../../../src/spec/schema.ts";

const spec = specSchema.parse({
  name: "demo",
  provider: { type: "ssh" },
  kafka: { version: "3.9.1", external: { advertise: "public" } },
  zookeeper: { version: "3.8.4" },
  metrics: {},
  nodes: [
    { name: "kafka-1", address: "10.0.0.1", publicAddress: "203.0.113.1", roles: ["zookeeper", "broker"] },
    { name: "kafka-2", address: "10.0.0.2", roles: ["zookeeper"] },
  ],
});
const at = sharing(spec, () => sshPlatform("demo", { "kafka-1": "10.0.0.1", "kafka-2": "10.0.0.2" }));
const portsOf = (node: string, name: "kafka" | "zookeeper", version: string) =>
  at(node)
    ?.at({ name, version })
    ?.ports.map(({ unit, port }) => `${unit} ${port}`);

test("Kafka's archive on the broker's ports alone: ZooKeeper may be starting meanwhile", () => {
  expect(portsOf("kafka-1", "kafka", "3.9.1")).toEqual([
    "kctl-demo-broker.service 9091",
    "kctl-demo-broker.service 9092",
  ]);
});

test("ZooKeeper's archive on its own", () => {
  expect(portsOf("kafka-1", "zookeeper", "3.8.4")).toEqual(
    [2181, 2888, 3888].map((port) => `kctl-demo-zookeeper.service ${port}`),
  );
});

test("none where no server waits for it, or the machine is not known", () => {
  expect(portsOf("kafka-2", "kafka", "3.9.1")).toBeUndefined();
  expect(portsOf("kafka-1", "kafka", "3.9.2")).toBeUndefined();
  expect(at("kafka-3")).toBeNull();
});

test("a JRE on the ports of all that run on it", () => {
  const ports = at("kafka-1")
    ?.at("java")
    ?.ports.map(({ port }) => port);
  expect(ports?.toSorted((a, b) => a - b)).toEqual([2181, 2888, 3888, 9091, 9092]);
});
