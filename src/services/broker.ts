/** The broker of a ZooKeeper cluster: server.properties, its log and its process. */
import { Eta } from "eta/core";
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import { originsOf, properties, propertyValue, type Setting } from "../render/properties.ts";
import type { Artifact } from "./desired.ts";
import { jvmService } from "./jvm-process.ts";
import type { Service, ServiceContext } from "./service.ts";

const artifact = ({ kafkaVersion }: Cluster): Artifact => ({ name: "kafka", version: kafkaVersion });

function settings(member: Member, { cluster, platform }: ServiceContext): readonly Setting[] {
  const brokers = membersOf(cluster, "broker").length;
  const { internal, clients } = member.ports;
  const listeners = `INTERNAL://${member.address}:${internal},CLIENTS://${member.address}:${clients}`;
  const copies = Math.min(3, brokers);
  const own: Record<string, string> = {
    "broker.id": String(member.id),
    ...(member.rack === null ? {} : { "broker.rack": member.rack }),
    listeners,
    "advertised.listeners": listeners,
    "listener.security.protocol.map": "INTERNAL:PLAINTEXT,CLIENTS:PLAINTEXT",
    "inter.broker.listener.name": "INTERNAL",
    "log.dirs": member.folders.data,
    "zookeeper.connect": membersOf(cluster, "zookeeper")
      .map((server) => `${server.address}:${server.ports["client"]}`)
      .join(","),
    "zookeeper.connection.timeout.ms": "18000",
    "default.replication.factor": String(copies),
    "offsets.topic.replication.factor": String(copies),
    "transaction.state.log.replication.factor": String(copies),
    "transaction.state.log.min.isr": String(Math.min(2, copies)),
    // A killed broker cannot start again before its session has timed out; on a laptop nothing is gained by waiting long.
    ...(platform.profile === "laptop" ? { "zookeeper.session.timeout.ms": "6000" } : {}),
    // On a laptop one consumer comes alone: Kafka's own quick start sets this to 0 as well.
    ...(platform.profile === "laptop" ? { "group.initial.rebalance.delay.ms": "0" } : {}),
  };
  return [
    ...Object.entries(own).map(([key, value]) => ({ key, value, from: key === "broker.rack" ? "nodes.rack" : null })),
    ...Object.entries(member.config).map(([key, value]) => ({ key, value, from: `kafka.config.${key}` })),
  ];
}

export const broker: Service = {
  role: "broker",
  title: "broker",
  firstId: 1,
  basePorts: (spec) => ({ internal: 9091, clients: spec.kafka.clients.port }),
  section: (spec) => spec.kafka,
  defaultHeapMiB: { laptop: 512, server: 1024 },
  artifact,
  needs: ["zookeeper"],
  quorum: (count) => count,
  desired: (member, context) => {
    const { folders } = member;
    const own = settings(member, context);
    const configFile = `${folders.config}/server.properties`;
    const logSettings = `${folders.config}/log4j.properties`;
    const { files, process } = jvmService(
      {
        member,
        section: "kafka",
        classpath: `${context.software(artifact(context.cluster))}/libs/*`,
        mainClass: "kafka.Kafka",
        configFile,
        flags: [`-Dlog4j.configuration=file:${logSettings}`],
        files: [
          {
            path: configFile,
            mode: 0o640,
            content: properties(`Broker ${member.id} of ${context.cluster.name}, written by kctl`, own),
            member: member.key,
            origins: originsOf(own),
          },
          {
            path: logSettings,
            mode: 0o640,
            content: new Eta({ autoEscape: false, autoTrim: false }).renderString(
              context.templates["broker-log4j.properties"],
              { folder: propertyValue(folders.log) },
            ),
            member: member.key,
          },
        ],
        log: `${folders.log}/server.log`,
        probe: { kind: "kafka", address: member.address, port: member.ports["clients"] ?? 0, brokerId: member.id },
        registration: {
          path: `/brokers/ids/${member.id}`,
          servers: membersOf(context.cluster, "zookeeper").map(({ address, ports }) => ({
            address,
            port: ports["client"] ?? 0,
          })),
        },
        // A broker writes its logs out and hands its leaders over; killing it costs a recovery (kafka-rules, section 6).
        stopSeconds: 180,
      },
      context,
    );
    return {
      files,
      process,
      storedId: { member: member.key, path: `${folders.data}/meta.properties`, form: "meta.properties" },
    };
  },
};
