/** A real cluster on loopback for the tests of src/kafka: ZooKeeper servers and brokers as plain JVMs of this process. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Address } from "../../../src/kafka/address.ts";
import { brokerAnswers } from "../../../src/kafka/broker-answers.ts";
import { zookeeperMode } from "../../../src/kafka/four-letter.ts";
import { until } from "../../../src/kafka/until.ts";
import { kafkaView } from "../../../src/kafka/view.ts";
import { mustBeFree } from "../../free-ports.ts";
import { kafkaJars } from "./jars.ts";
import { startServers } from "./servers.ts";

export type TestCluster = {
  readonly bootstrap: readonly Address[];
  readonly zookeepers: readonly Address[];
  /** Brokers' second listeners, which advertise what `odd` says. */
  readonly odd: readonly Address[];
  /** Nothing where it runs. */
  startBroker(id: number): Promise<void>;
  /** SIGKILL, and gone when it returns. */
  killBroker(id: number): Promise<void>;
  killZookeeper(id: number): Promise<void>;
  stop(): Promise<void>;
};

type Shape = {
  readonly version?: string;
  readonly size: number;
  /** ZooKeeper's ports start here, three each; brokers' are 7000 above. */
  readonly port: number;
  /** What broker `id` advertises on its second listener; its own address where null. */
  readonly odd?: (id: number) => Address | null;
  readonly brokerConfig?: Readonly<Record<string, string>>;
};

const never = new AbortController().signal;
const host = "127.0.0.1";
const log4j = `log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n
`;

export async function startCluster(shape: Shape): Promise<TestCluster> {
  await mustBeFree(
    Array.from({ length: shape.size }, (_, index) => shape.port + 10 * index).flatMap((port) => [
      port,
      port + 1,
      port + 2,
      port + 7e3,
      port + 7001,
    ]),
  );
  const logging = (folder: string): string => `-Dlog4j.configuration=file:${join(folder, "log4j.properties")}`;
  const servers = await startServers(await kafkaJars(shape.version), (folder) => [logging(folder)]);
  const { folder, run, runs, kill, ready, stop, write } = servers;
  const ids = Array.from({ length: shape.size }, (_, index) => index + 1);
  const zookeeperPort = (id: number): number => shape.port + 10 * (id - 1);
  const brokerPort = (id: number): number => shape.port + 7000 + 10 * (id - 1);
  const address = (id: number): Address => ({ host, port: brokerPort(id) });

  const forgotten = (id: number): Promise<void> =>
    until(`the others to miss broker ${id}`, 30, never, async () => {
      const view = await kafkaView(ids.map(address), never);
      return view?.brokers.some((broker) => broker.id === id) === true
        ? { still: "it is listed" }
        : { done: undefined };
    });
  const startZookeeper = async (id: number): Promise<void> => {
    const name = `zookeeper-${id}`;
    const ensemble = ids.map((n) => `server.${n}=${host}:${zookeeperPort(n) + 1}:${zookeeperPort(n) + 2}`);
    await write(name, {
      myid: `${id}\n`,
      "zoo.cfg": [
        "tickTime=500\ninitLimit=20\nsyncLimit=10\nadmin.enableServer=false\n4lw.commands.whitelist=srvr",
        `dataDir=${join(folder, name)}\nclientPort=${zookeeperPort(id)}\nclientPortAddress=${host}`,
        ...(ids.length > 1 ? ensemble : []),
      ].join("\n"),
    });
    run(name, "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg");
  };
  const startBroker = async (id: number): Promise<void> => {
    const name = `broker-${id}`;
    if (runs(name)) return;
    // A broker that comes back before its old session has ended finds its own znode, and gives up.
    if (servers.has(name)) await forgotten(id);
    const told = shape.odd?.(id) ?? { host, port: brokerPort(id) + 1 };
    const settings = {
      "broker.id": String(id),
      listeners: `PLAINTEXT://${host}:${brokerPort(id)},ODD://${host}:${brokerPort(id) + 1}`,
      "advertised.listeners": `PLAINTEXT://${host}:${brokerPort(id)},ODD://${told.host}:${told.port}`,
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,ODD:PLAINTEXT",
      "zookeeper.connect": ids.map((n) => `${host}:${zookeeperPort(n)}`).join(","),
      "zookeeper.session.timeout.ms": "3000",
      "log.dirs": join(folder, name, "data"),
      "offsets.topic.replication.factor": String(Math.min(3, shape.size)),
      "min.insync.replicas": "1",
      "group.initial.rebalance.delay.ms": "0",
      ...shape.brokerConfig,
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
    await write(name, { "server.properties": lines.join("") });
    run(name, "kafka.Kafka", "server.properties");
    await ready(name, (signal) => brokerAnswers(host, brokerPort(id), id, signal));
  };
  try {
    await writeFile(join(folder, "log4j.properties"), log4j);
    await Promise.all(ids.map(startZookeeper));
    const serving = new Set(["leader", "follower", "standalone"]);
    await Promise.all(
      ids.map((id) =>
        ready(`zookeeper-${id}`, async (signal) => serving.has(await zookeeperMode(host, zookeeperPort(id), signal))),
      ),
    );
    await Promise.all(ids.map(startBroker));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    bootstrap: ids.map(address),
    zookeepers: ids.map((id) => ({ host, port: zookeeperPort(id) })),
    odd: ids.map((id) => ({ host, port: brokerPort(id) + 1 })),
    startBroker,
    killBroker: (id) => kill(`broker-${id}`),
    killZookeeper: (id) => kill(`zookeeper-${id}`),
    stop,
  };
}
