/** The broker, of a ZooKeeper or of a KRaft cluster. */
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import type { Setting } from "../render/properties.ts";
import { settingInfo } from "../spec/setting-info.ts";
import { minorOf } from "../spec/versions.ts";
import type { Origin, Origins, Registration } from "./desired.ts";
import { defaultCopies, kafkaArtifact, kafkaServer, quorumServers, userSettings } from "./kafka-server.ts";
import { metricsPort } from "./metrics.ts";
import { movedPort } from "./origins.ts";
import type { Service, ServiceContext } from "./service.ts";

function identity(member: Member, { cluster, platform }: ServiceContext): Readonly<Record<string, string>> {
  if (cluster.quorum === "kraft") {
    return {
      "process.roles": "broker",
      "node.id": String(member.id),
      "controller.quorum.bootstrap.servers": quorumServers(cluster),
      "controller.listener.names": "CONTROLLER",
    };
  }
  return {
    "broker.id": String(member.id),
    // Those that are still to join are listed already: a client asks the next one, and brokers need not restart for each.
    "zookeeper.connect": [...membersOf(cluster, "zookeeper"), ...cluster.joiningLater]
      .map((server) => `${server.host}:${server.ports["client"]}`)
      .join(","),
    // Servers that start together, at first and after power was lost, wait for each other.
    "zookeeper.connection.timeout.ms": "60000",
    // A killed broker cannot start again before its session has timed out; the last broker of a cluster that is stopped tries three
    // times to give its leaders to somebody. On a laptop nothing is gained by waiting long.
    ...(platform.profile === "laptop"
      ? { "zookeeper.session.timeout.ms": "6000", "controlled.shutdown.retry.backoff.ms": "1000" }
      : {}),
  };
}

/** Of topics by default, and of Kafka's own topics, which brokers ask for: no more copies than there are brokers. */
function copiesOfTopics(cluster: Cluster): Readonly<Record<string, string>> {
  const copies = String(defaultCopies(cluster));
  const minIsr = String(Math.min(2, defaultCopies(cluster)));
  return {
    "default.replication.factor": copies,
    "offsets.topic.replication.factor": copies,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": minIsr,
    // Share groups came with Kafka 4.
    ...(settingInfo(minorOf(cluster.kafkaVersion), "share.coordinator.state.topic.min.isr") === null
      ? {}
      : {
          "share.coordinator.state.topic.replication.factor": copies,
          "share.coordinator.state.topic.min.isr": minIsr,
        }),
  };
}

type Listener = { readonly name: string; readonly told: string; readonly port: number | undefined };

function listenersOf({ host, advertised, advertisedOutside, ports }: Member): readonly Listener[] {
  return [
    { name: "INTERNAL", told: host, port: ports["internal"] },
    { name: "CLIENTS", told: advertised, port: ports["clients"] },
    ...(advertisedOutside === null ? [] : [{ name: "EXTERNAL", told: advertisedOutside, port: ports["external"] }]),
  ];
}

function settings(member: Member, context: ServiceContext): readonly Setting[] {
  const { cluster, platform } = context;
  const listeners = listenersOf(member);
  const own: Record<string, string> = {
    ...identity(member, context),
    ...(member.rack === null ? {} : { "broker.rack": member.rack }),
    listeners: listeners.map(({ name, port }) => `${name}://${member.bind}:${port}`).join(","),
    "advertised.listeners": listeners.map(({ name, told, port }) => `${name}://${told}:${port}`).join(","),
    "listener.security.protocol.map": [
      ...(cluster.quorum === "kraft" ? ["CONTROLLER"] : []),
      ...listeners.map(({ name }) => name),
    ]
      .map((name) => `${name}:PLAINTEXT`)
      .join(","),
    "inter.broker.listener.name": "INTERNAL",
    "log.dirs": member.folders.data,
    ...copiesOfTopics(cluster),
    // On a laptop one consumer comes alone: Kafka's own quick start sets this to 0 as well. And a follower that finds its leader not
    // there yet (a topic just made, a broker that restarts) asks again soon: nobody is flooded by that.
    ...(platform.profile === "laptop"
      ? { "group.initial.rebalance.delay.ms": "0", "replica.fetch.backoff.ms": "200" }
      : {}),
  };
  return [
    ...Object.entries(own).map(([key, value]) => ({ key, value, section: null })),
    ...userSettings(member, "nodes.config", cluster),
  ];
}

function origins(member: Member, { cluster, platform }: ServiceContext): Origins {
  const copies = Object.keys(copiesOfTopics(cluster)).map((key) => [key, [byCount]] as const);
  const internal = "INTERNAL://[^,]*:([0-9]+)";
  const listeners: readonly Origin[] = [
    ...movedPort(platform, member.ports["internal"], internal),
    {
      field: "kafka.clients.port",
      reads: { kind: "number", of: "CLIENTS://[^,]*:([0-9]+)", less: internal, plus: internalPort },
    },
    {
      field: "kafka.external.port",
      reads: { kind: "number", of: "EXTERNAL://[^,]*:([0-9]+)", less: internal, plus: internalPort },
    },
  ];
  // Where they share a machine, its one address is told, whatever the spec says.
  const told: readonly Origin[] =
    platform.sharedAddress === null
      ? [{ field: "kafka.external.advertise", reads: { kind: "part", of: "EXTERNAL://([^,]*):[0-9]+" } }]
      : [];
  return {
    ...Object.fromEntries(copies),
    "broker.rack": [{ field: "nodes.rack", reads: { kind: "value" } }],
    "zookeeper.connect": [{ field: "nodes", reads: { kind: "items" } }],
    "controller.quorum.bootstrap.servers": [{ field: "nodes", reads: { kind: "items" } }],
    listeners,
    "advertised.listeners": [...listeners, ...told],
  };
}

/** kctl's own count of copies changes with the number of brokers alone. */
const byCount: Origin = { field: "nodes", reads: { kind: "value" } };
const internalPort = 9091;

function registration({ id }: Member, { cluster }: ServiceContext): { readonly registration?: Registration } {
  // A KRaft broker waits by itself until the controllers let it in again.
  if (cluster.quorum === "kraft") return {};
  const servers = membersOf(cluster, "zookeeper").map(({ address, ports }) => ({
    address,
    port: ports["client"] ?? 0,
  }));
  return { registration: { path: `/brokers/ids/${id}`, servers } };
}

export const broker: Service = {
  role: "broker",
  title: "broker",
  logName: "server.log",
  firstId: 1,
  basePorts: ({ kafka: { clients, external }, metrics }) => ({
    internal: internalPort,
    clients: clients.port,
    ...(external === undefined ? {} : { external: external.port }),
    ...metricsPort({ metrics }, 7071),
  }),
  sectionName: "kafka",
  section: (spec) => spec.kafka,
  defaultHeapMiB: { laptop: 512, server: 1024 },
  artifact: kafkaArtifact,
  needs: ({ quorum }) => (quorum === "kraft" ? ["controller"] : ["zookeeper"]),
  reaches: ({ quorum }) => [
    quorum === "kraft" ? { role: "controller", ports: ["controller"] } : { role: "zookeeper", ports: ["client"] },
    { role: "broker", ports: ["internal"] },
  ],
  // A KRaft broker asks for its controllers for a minute (initial.broker.registration.timeout.ms), and so does one with ZooKeeper. With
  // that, a broker that was killed may still be registered: whether it is, only a ZooKeeper that serves can tell.
  waitsItself: ({ quorum }) => (quorum === "kraft" ? "later" : "first"),
  quorum: (count) => count,
  desired: (member, context) =>
    kafkaServer(
      {
        member,
        title: "Broker",
        section: "kafka",
        settings: settings(member, context),
        origins: origins(member, context),
        probe: { kind: "kafka", address: member.address, port: member.ports["clients"] ?? 0, brokerId: member.id },
        ...registration(member, context),
        // A broker writes its logs out and hands its leaders over; killing it costs a recovery (Kafka docs, Operations).
        stopSeconds: 180,
      },
      context,
    ),
};
