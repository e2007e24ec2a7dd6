/** The worker of Kafka Connect: one of a group that shares the connectors and their tasks, and keeps what it knows in Kafka. */
import { Eta } from "eta/core";
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import { properties, propertyValue, type Setting } from "../render/properties.ts";
import type { Platform } from "../cluster/platform.ts";
import type { DesiredFile, Origins } from "./desired.ts";
import { jvmService } from "./jvm-process.ts";
import { defaultCopies, kafkaArtifact } from "./kafka-server.ts";
import { metricsPort } from "./metrics.ts";
import { movedPort } from "./origins.ts";
import type { Service, ServiceContext } from "./service.ts";
import { hasLog4j2 } from "../spec/versions.ts";

/** What a worker's group and the topics that it keeps things in are called: other clusters' may share the brokers. */
function connectGroup({ name }: Pick<Cluster, "name">): string {
  return `connect-${name}`;
}

/** The config provider that reads secrets from files beside the worker. */
export const secretsProvider = "kctl";

/** Where they lie: connectors run on any worker, so each has them at the same path. Those of one machine have them once. */
export function secretsFolder(member: Member, cluster: Cluster, { machine }: Pick<Platform, "machine">): string {
  const [first = member] = membersOf(cluster, "connect");
  return `${(machine === null ? first : member).folders.data}/secrets`;
}

const json = "org.apache.kafka.connect.json.JsonConverter";

function settings(member: Member, { cluster, platform, software }: ServiceContext): readonly Setting[] {
  const group = connectGroup(cluster);
  const copies = String(defaultCopies(cluster));
  const port = String(member.ports["rest"]);
  const own: Record<string, string> = {
    // By the names that every machine knows, whatever clients are told.
    "bootstrap.servers": membersOf(cluster, "broker")
      .map(({ host, ports }) => `${host}:${ports["internal"]}`)
      .join(","),
    "group.id": group,
    "config.storage.topic": `${group}-configs`,
    "config.storage.replication.factor": copies,
    "offset.storage.topic": `${group}-offsets`,
    "offset.storage.replication.factor": copies,
    "status.storage.topic": `${group}-status`,
    "status.storage.replication.factor": copies,
    "key.converter": json,
    "value.converter": json,
    // Else every class of every plugin is looked into: half of a start. Plugins without the list that this goes by are old.
    "plugin.discovery": "service_load",
    // How much a source sends a second time after its worker was killed; Kafka's own sample has the same.
    "offset.flush.interval.ms": "10000",
    ...secrets(member, platform),
    listeners: `http://${member.bind}:${port}`,
    "rest.advertised.host.name": member.host,
    "rest.advertised.port": port,
    ...(cluster.plugins.length === 0 ? {} : { "plugin.path": [...new Set(cluster.plugins.map(software))].join(",") }),
    // A killed worker is missed soon, and its tasks go to the others at once instead of after five minutes.
    ...(platform.profile === "laptop"
      ? {
          "offset.storage.partitions": "5",
          "session.timeout.ms": "6000",
          "heartbeat.interval.ms": "2000",
          "scheduled.rebalance.max.delay.ms": "0",
          "consumer.session.timeout.ms": "6000",
          "consumer.heartbeat.interval.ms": "2000",
        }
      : {}),
  };
  return [
    ...Object.entries(own).map(([key, value]) => ({ key, value, section: null })),
    ...Object.entries(member.config).map(([key, value]) => ({
      key,
      value: key === "config.providers" ? (own[key] ?? value) : value,
      section: "connect.config",
    })),
  ];
}

/** The user's own providers stay beside kctl's. */
function secrets(member: Member, platform: Platform): Readonly<Record<string, string>> {
  const provider = `config.providers.${secretsProvider}`;
  return {
    "config.providers": [...new Set([...(member.config["config.providers"]?.split(",") ?? []), secretsProvider])].join(
      ",",
    ),
    [`${provider}.class`]: "org.apache.kafka.common.config.provider.FileConfigProvider",
    // From Kafka 3.8 on no connector's setting reads a file elsewhere by it (KIP-993). The folder must be there when a worker starts.
    [`${provider}.param.allowed.paths`]: platform.machine === null ? platform.root : member.folders.data,
  };
}

function origins({ ports }: Member, { platform }: ServiceContext): Origins {
  const port = (of: string): Origins[string] => movedPort(platform, ports["rest"], of);
  const byCount: Origins[string] = [{ field: "nodes", reads: { kind: "value" } }];
  return {
    "bootstrap.servers": [{ field: "nodes", reads: { kind: "items" } }],
    "config.storage.replication.factor": byCount,
    "offset.storage.replication.factor": byCount,
    "status.storage.replication.factor": byCount,
    "plugin.path": [{ field: "connect.plugins", reads: { kind: "value" } }],
    listeners: port("http://.*:([0-9]+)"),
    "rest.advertised.port": port("([0-9]+)"),
  };
}

function logFile(
  { folders, key }: Member,
  { cluster, templates, platform }: ServiceContext,
): { readonly file: DesiredFile; readonly flag: string } {
  const log = `${folders.log}/connect.log`;
  const journal = platform.machine !== null;
  const eta = new Eta({ autoEscape: false, autoTrim: false });
  const [name, flag, file] = hasLog4j2(cluster.kafkaVersion)
    ? (["log4j2.yaml", "log4j2.configurationFile", log] as const)
    : (["log4j.properties", "log4j.configuration", propertyValue(log)] as const);
  const path = `${folders.config}/${name}`;
  const content = eta.renderString(templates[`connect-${name}`], { file, journal });
  return { file: { path, mode: 0o640, content, member: key }, flag: `-D${flag}=file:${path}` };
}

export const connect: Service = {
  role: "connect",
  title: "Connect worker",
  logName: "connect.log",
  firstId: 1,
  basePorts: (spec) => ({ rest: 8083, ...metricsPort(spec, 7073) }),
  sectionName: "connect",
  section: ({ connect: own }) => ({ heap: own?.heap, config: own?.config ?? {}, jvm: own?.jvm ?? [] }),
  defaultHeapMiB: { laptop: 256, server: 1024 },
  artifact: kafkaArtifact,
  plugins: ({ plugins }) => plugins,
  needs: () => ["broker"],
  reaches: () => [
    { role: "broker", ports: ["internal"] },
    { role: "connect", ports: ["rest"] },
  ],
  waitsItself: () => "never",
  quorum: (count) => count,
  desired: (member, context) => {
    const { folders } = member;
    const artifact = kafkaArtifact(context.cluster);
    const configFile = `${folders.config}/connect-distributed.properties`;
    const log = logFile(member, context);
    const { files, process } = jvmService(
      {
        member,
        section: "connect",
        version: { field: "kafka.version", reads: { kind: "part", of: "kafka[^/]*-([0-9.]+)/libs/" } },
        artifact,
        classpath: `${context.software(artifact)}/libs/*`,
        mainClass: "org.apache.kafka.connect.cli.ConnectDistributed",
        configFile,
        flags: [log.flag],
        metricsRules: "metrics-connect.yaml",
        files: [
          {
            path: configFile,
            mode: 0o640,
            content: properties(
              `Connect worker ${member.id} of ${context.cluster.name}, written by kctl`,
              settings(member, context),
            ),
            member: member.key,
            origins: origins(member, context),
          },
          log.file,
        ],
        log: `${folders.log}/connect.log`,
        probe: { kind: "connect", address: member.address, port: member.ports["rest"] ?? 0 },
        // Its tasks have five seconds to end, one after the other (task.shutdown.graceful.timeout.ms), and it leaves the group.
        stopSeconds: 60,
      },
      context,
    );
    return { files, process, storedId: null, storage: null };
  },
};
