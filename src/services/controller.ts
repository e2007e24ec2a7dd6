/** The KRaft controller: a voter of the quorum that keeps the cluster's metadata. */
import type { Member } from "../cluster/cluster.ts";
import type { Origins } from "./desired.ts";
import type { Setting } from "../render/properties.ts";
import { defaultCopies, kafkaArtifact, kafkaServer, quorumServers, userSettings } from "./kafka-server.ts";
import { metricsPort } from "./metrics.ts";
import { movedPort } from "./origins.ts";
import type { Service, ServiceContext } from "./service.ts";

function settings(member: Member, { cluster, platform }: ServiceContext): readonly Setting[] {
  const port = member.ports["controller"];
  const own: Record<string, string> = {
    "process.roles": "controller",
    "node.id": String(member.id),
    "controller.quorum.bootstrap.servers": quorumServers(cluster),
    "controller.listener.names": "CONTROLLER",
    listeners: `CONTROLLER://${member.bind}:${port}`,
    "advertised.listeners": `CONTROLLER://${member.host}:${port}`,
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT",
    "log.dirs": member.folders.data,
    "default.replication.factor": String(defaultCopies(cluster)),
    // How soon a killed broker counts as gone, and may come back; Kafka's own 9 s serve clusters with slow networks.
    ...(platform.profile === "laptop" ? { "broker.session.timeout.ms": "6000" } : {}),
  };
  return [
    ...Object.entries(own).map(([key, value]) => ({ key, value, section: null })),
    ...userSettings(member, "controller.config", cluster),
  ];
}

function origins({ ports }: Member, { platform }: ServiceContext): Origins {
  const listener = movedPort(platform, ports["controller"], "CONTROLLER://[^,]*:([0-9]+)");
  return {
    "default.replication.factor": [{ field: "nodes", reads: { kind: "value" } }],
    "controller.quorum.bootstrap.servers": [{ field: "nodes", reads: { kind: "items" } }],
    listeners: listener,
    "advertised.listeners": listener,
  };
}

export const controller: Service = {
  role: "controller",
  title: "controller",
  logName: "server.log",
  firstId: 3001,
  basePorts: (spec) => ({ controller: 9093, ...metricsPort(spec, 7072) }),
  sectionName: "controller",
  // What brokers are told holds for controllers too: in KRaft it is they who decide on topics.
  section: ({ kafka, controller: own }) => ({
    heap: own?.heap,
    jvm: own?.jvm ?? [],
    config: { ...kafka.config, ...own?.config },
    own: Object.keys(own?.config ?? {}),
  }),
  defaultHeapMiB: { laptop: 256, server: 1024 },
  artifact: kafkaArtifact,
  needs: () => [],
  reaches: () => [{ role: "controller", ports: ["controller"] }],
  waitsItself: () => "never",
  quorum: (count) => Math.floor(count / 2) + 1,
  desired: (member, context) =>
    kafkaServer(
      {
        member,
        title: "Controller",
        section: "controller",
        settings: settings(member, context),
        origins: origins(member, context),
        probe: { kind: "controller", address: member.address, port: member.ports["controller"] ?? 0, id: member.id },
        stopSeconds: 60,
      },
      context,
    ),
};
