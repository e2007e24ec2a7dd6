/** A real KRaft cluster on loopback with a dynamic quorum: controllers from 3001, brokers from 1, each a JVM of its own. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Address } from "../../../src/kafka/address.ts";
import { brokerAnswers } from "../../../src/kafka/broker-answers.ts";
import { controllerServes } from "../../../src/kafka/controller-serves.ts";
import { mustBeFree } from "../../free-ports.ts";
import { kafkaJars } from "./jars.ts";
import { startServers } from "./servers.ts";

export type KraftCluster = {
  readonly clusterId: string;
  readonly bootstrap: readonly Address[];
  /** Where controller `id` is, or would be. */
  controller(id: number): Address;
  /** A controller that does not vote yet; serving, or knowing the cluster's leader at least, when it returns. */
  startObserver(id: number): Promise<void>;
  /** One that was killed. */
  restartController(id: number): Promise<void>;
  startBroker(id: number): Promise<void>;
  kill(name: `controller-${number}` | `broker-${number}`): Promise<void>;
  stop(): Promise<void>;
};

type Shape = {
  readonly version: string;
  readonly brokers: number;
  /** Of controller 3001; further controllers come 10 after each other, brokers 7000 above. */
  readonly port: number;
  readonly config?: Readonly<Record<string, string>>;
};

const host = "127.0.0.1";
const firstController = 3001;
const kafka = "kafka.Kafka";
const storageTool = "kafka.tools.StorageTool";

export async function startKraft({ version, brokers, port, config = {} }: Shape): Promise<KraftCluster> {
  await mustBeFree([port, ...Array.from({ length: brokers }, (_, index) => port + 7000 + 10 * index)]);
  const { folder, run, runs, has, tool, kill, ready, stop, write } = await startServers(await kafkaJars(version));
  // A leading hyphen would look like an option to the tool.
  const clusterId = `k${randomBytes(16).toString("base64url").slice(1, 21)}w`;
  const ids = Array.from({ length: brokers }, (_, index) => index + 1);
  const controller = (id: number): Address => ({ host, port: port + 10 * (id - firstController) });
  const broker = (id: number): Address => ({ host, port: port + 7000 + 10 * (id - 1) });
  const first = controller(firstController);

  const prepare = async (name: string, settings: Readonly<Record<string, string>>, how: string): Promise<void> => {
    const all = {
      "controller.quorum.bootstrap.servers": `${host}:${first.port}`,
      "controller.listener.names": "CONTROLLER",
      "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
      "log.dirs": join(folder, name, "data"),
      "offsets.topic.replication.factor": String(Math.min(3, brokers)),
      "broker.session.timeout.ms": "3000",
      ...config,
      ...settings,
    };
    if (has(name)) return;
    const lines = Object.entries(all).map(([key, value]) => `${key}=${value}\n`);
    await write(name, { "server.properties": lines.join("") });
    await tool(name, storageTool, "format", "--cluster-id", clusterId, "--config", "server.properties", how);
  };
  const startController = async (id: number, how: string): Promise<void> => {
    const name = `controller-${id}`;
    const listener = `CONTROLLER://${host}:${controller(id).port}`;
    await prepare(name, { "process.roles": "controller", "node.id": String(id), listeners: listener }, how);
    run(name, kafka, "server.properties");
    await ready(name, (signal) => controllerServes(host, controller(id).port, signal));
  };
  const startBroker = async (id: number): Promise<void> => {
    const name = `broker-${id}`;
    if (runs(name)) return;
    const listener = `PLAINTEXT://${host}:${broker(id).port}`;
    const settings = { "process.roles": "broker", "node.id": String(id), listeners: listener };
    await prepare(name, settings, "--no-initial-controllers");
    run(name, kafka, "server.properties");
    await ready(name, (signal) => brokerAnswers(host, broker(id).port, id, signal));
  };

  try {
    await startController(firstController, "--standalone");
    await Promise.all(ids.map(startBroker));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    clusterId,
    bootstrap: ids.map(broker),
    controller,
    startObserver: (id) => startController(id, "--no-initial-controllers"),
    restartController: (id) => startController(id, "--no-initial-controllers"),
    startBroker,
    kill,
    stop,
  };
}
