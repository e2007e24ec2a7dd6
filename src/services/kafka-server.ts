/** What broker and controller have in common: Kafka's server, its log, its storage, and settings that both need. */
import { Eta } from "eta/core";
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import { originsOf, properties, propertyValue, type Setting } from "../render/properties.ts";
import type { Artifact, DesiredFile, DesiredStorage, Probe, Registration } from "./desired.ts";
import { jvmService } from "./jvm-process.ts";
import type { MemberState, ServiceContext } from "./service.ts";

export const kafkaArtifact = ({ kafkaVersion }: Cluster): Artifact => ({ name: "kafka", version: kafkaVersion });

/** Kafka 4 logs by log4j 2, the versions before by log4j 1. */
const hasLog4j2 = ({ kafkaVersion }: Cluster): boolean => Number(kafkaVersion.split(".", 1)[0]) >= 4;

/** Where the controllers are, for `controller.quorum.bootstrap.servers`. */
export function quorumServers(cluster: Cluster): string {
  return membersOf(cluster, "controller")
    .map(({ address, ports }) => `${address}:${ports["controller"]}`)
    .join(",");
}

/** Defaults for topics: in KRaft clusters the controllers decide them, so they get them too. */
export function topicDefaults(cluster: Cluster): Readonly<Record<string, string>> {
  const copies = Math.min(3, membersOf(cluster, "broker").length);
  return {
    "default.replication.factor": String(copies),
    "offsets.topic.replication.factor": String(copies),
    "transaction.state.log.replication.factor": String(copies),
    "transaction.state.log.min.isr": String(Math.min(2, copies)),
  };
}

type KafkaServer = {
  readonly member: Member;
  /** What the file's first line calls it. */
  readonly title: string;
  readonly section: string;
  readonly settings: readonly Setting[];
  readonly probe: Probe;
  readonly registration?: Registration;
  readonly stopSeconds: number;
};

function logFile({ folders, key }: Member, { cluster, templates }: ServiceContext): DesiredFile {
  const eta = new Eta({ autoEscape: false, autoTrim: false });
  const log4j2 = hasLog4j2(cluster);
  return {
    path: `${folders.config}/${log4j2 ? "log4j2.yaml" : "log4j.properties"}`,
    mode: 0o640,
    content: log4j2
      ? eta.renderString(templates["kafka-log4j2.yaml"], { folder: folders.log })
      : eta.renderString(templates["kafka-log4j.properties"], { folder: propertyValue(folders.log) }),
    member: key,
  };
}

export function kafkaServer(server: KafkaServer, context: ServiceContext): MemberState {
  const { member, settings, section, title } = server;
  const { folders } = member;
  const configFile = `${folders.config}/server.properties`;
  const log = logFile(member, context);
  const logProperty = hasLog4j2(context.cluster) ? "log4j2.configurationFile" : "log4j.configuration";
  const classpath = `${context.software(kafkaArtifact(context.cluster))}/libs/*`;
  const { files, process } = jvmService(
    {
      member,
      section,
      classpath,
      mainClass: "kafka.Kafka",
      configFile,
      flags: [`-D${logProperty}=file:${log.path}`],
      files: [
        {
          path: configFile,
          mode: 0o640,
          content: properties(`${title} ${member.id} of ${context.cluster.name}, written by kctl`, settings),
          member: member.key,
          origins: originsOf(settings),
        },
        log,
      ],
      log: `${folders.log}/server.log`,
      probe: server.probe,
      ...(server.registration === undefined ? {} : { registration: server.registration }),
      stopSeconds: server.stopSeconds,
    },
    context,
  );
  return {
    files,
    process,
    storedId: { member: member.key, path: `${folders.data}/meta.properties`, form: "meta.properties" },
    storage: context.cluster.quorum === "kraft" ? storage(member, context, classpath, configFile) : null,
  };
}

/**
 * Formats with the version's own tool. The quorum is dynamic from birth: all controllers are told the same first voters,
 * brokers none (Kafka docs, Operations, "KRaft"; KIP-853).
 */
function storage(
  member: Member,
  { cluster, identity, java, platform }: ServiceContext,
  classpath: string,
  configFile: string,
): DesiredStorage {
  const voters = membersOf(cluster, "controller").map(
    ({ key, id, address, ports }) => `${id}@${address}:${ports["controller"]}:${identity.directoryIds[key]}`,
  );
  const quorum =
    member.role === "controller" ? ["--initial-controllers", voters.join(",")] : ["--no-initial-controllers"];
  const quick = platform.profile === "laptop" ? ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"] : [];
  const tool = ["-Xmx256m", ...quick, "-XX:-UsePerfData", "-cp", classpath, "kafka.tools.StorageTool"];
  return {
    member: member.key,
    folder: member.folders.run,
    argv: [java, ...tool, "format", "--cluster-id", identity.clusterId, "--config", configFile, ...quorum],
  };
}
