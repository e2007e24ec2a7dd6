/** What broker and controller have in common: Kafka's server, its log, its storage, and settings that both need. */
import { Eta } from "eta/core";
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import { bareProperties, properties, propertyValue, type Setting } from "../render/properties.ts";
import type { ApacheArtifact, DesiredFile, DesiredStorage, Origins, Probe, Registration } from "./desired.ts";
import { archiveFlags, jvmService, profileFlags } from "./jvm-process.ts";
import type { MemberState, Service, ServiceContext } from "./service.ts";
import { isLiveForControllers, isLiveSetting } from "../spec/setting-info.ts";
import { hasLog4j2, minorOf } from "../spec/versions.ts";

export const kafkaArtifact = ({ kafkaVersion }: Cluster): ApacheArtifact => ({ name: "kafka", version: kafkaVersion });

/** Where the controllers are, for `controller.quorum.bootstrap.servers`. */
export function quorumServers(cluster: Cluster): string {
  return membersOf(cluster, "controller")
    .map(({ host, ports }) => `${host}:${ports["controller"]}`)
    .join(",");
}

/** How many copies a topic has by default. In KRaft clusters the controllers decide it. */
export function defaultCopies(cluster: Cluster): number {
  return Math.min(3, membersOf(cluster, "broker").length);
}

/** The user's own. A controller reads its own section when it starts; what it shares with the brokers follows theirs. */
export function userSettings(member: Member, own: string, { kafkaVersion }: Cluster): readonly UserSetting[] {
  const minor = minorOf(kafkaVersion);
  return Object.entries(member.config).map(([key, value]) => {
    const isOwn = member.ownSettings.includes(key);
    const live = member.role === "broker" ? isLiveSetting(minor, key) : !isOwn && isLiveForControllers(minor, key);
    return { key, value, section: isOwn ? own : "kafka.config", live };
  });
}

/** `live`: changed without a restart. */
type KafkaSetting = Setting & { readonly live?: boolean };

type UserSetting = KafkaSetting & { readonly section: string };

type KafkaServer = {
  readonly member: Member;
  /** What the file's first line calls it. */
  readonly title: string;
  readonly section: Service["sectionName"];
  readonly settings: readonly KafkaSetting[];
  readonly origins: Origins;
  readonly probe: Probe;
  readonly registration?: Registration;
  readonly stopSeconds: number;
};

function logFile({ folders, key }: Member, { cluster, templates, platform }: ServiceContext): DesiredFile {
  // A unit's standard output is the journal.
  const journal = platform.machine !== null;
  const eta = new Eta({ autoEscape: false, autoTrim: false });
  const log4j2 = hasLog4j2(cluster.kafkaVersion);
  return {
    path: `${folders.config}/${log4j2 ? "log4j2.yaml" : "log4j.properties"}`,
    mode: 0o640,
    content: log4j2
      ? eta.renderString(templates["kafka-log4j2.yaml"], { folder: folders.log, journal })
      : eta.renderString(templates["kafka-log4j.properties"], { folder: propertyValue(folders.log), journal }),
    member: key,
  };
}

export function kafkaServer(server: KafkaServer, context: ServiceContext): MemberState {
  const { member, settings, section, title } = server;
  const { folders } = member;
  const configFile = `${folders.config}/server.properties`;
  const comment = `${title} ${member.id} of ${context.cluster.name}, written by kctl`;
  const log = logFile(member, context);
  const logProperty = hasLog4j2(context.cluster.kafkaVersion) ? "log4j2.configurationFile" : "log4j.configuration";
  const classpath = `${context.software(kafkaArtifact(context.cluster))}/libs/*`;
  const { files, process } = jvmService(
    {
      member,
      section,
      version: { field: "kafka.version", reads: { kind: "part", of: "kafka[^/]*-([0-9.]+)/libs/" } },
      artifact: kafkaArtifact(context.cluster),
      classpath,
      mainClass: "kafka.Kafka",
      configFile,
      flags: [`-D${logProperty}=file:${log.path}`],
      metricsRules: "metrics-kafka.yaml",
      files: [
        {
          path: configFile,
          mode: 0o640,
          content: properties(comment, settings),
          readAtStart: bareProperties(settings.filter(({ live }) => live !== true)),
          member: member.key,
          origins: server.origins,
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
 * With eligible leader replicas, on by default here, a changed min.insync.replicas kills every server that then reads the metadata
 * log from a topic's creation to its deletion: seen with 4.1.1, not with 4.2.1 and 4.3.1; it is most likely KAFKA-19497.
 */
const withoutElr: ReadonlySet<string> = new Set(["4.1"]);

/**
 * Formats with the version's own tool. The quorum is dynamic from birth: all controllers are told the same first voters,
 * brokers, and controllers that join later, none (Kafka docs, Operations, "KRaft"; KIP-853).
 */
function storage(
  member: Member,
  { cluster, identity, java, classArchive }: ServiceContext,
  classpath: string,
  configFile: string,
): DesiredStorage {
  const voters = membersOf(cluster, "controller").flatMap(({ key, id, host, ports }) => {
    const directoryId = identity.directoryIds[key];
    return directoryId === undefined ? [] : [`${id}@${host}:${ports["controller"]}:${directoryId}`];
  });
  const quorum =
    identity.directoryIds[member.key] === undefined
      ? ["--no-initial-controllers"]
      : ["--initial-controllers", voters.join(",")];
  const flags = [...profileFlags.laptop, ...archiveFlags(classArchive(kafkaArtifact(cluster)))];
  const tool = ["-Xmx256m", ...flags, "-XX:-UsePerfData", "-cp", classpath, "kafka.tools.StorageTool"];
  const features = withoutElr.has(minorOf(cluster.kafkaVersion))
    ? ["--feature", "eligible.leader.replicas.version=0"]
    : [];
  return {
    member: member.key,
    folder: member.folders.run,
    argv: [java, ...tool, "format", "--cluster-id", identity.clusterId, "--config", configFile, ...features, ...quorum],
  };
}
