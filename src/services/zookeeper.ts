/** The ZooKeeper server: zoo.cfg, myid, its log and its process. */
import { Eta } from "eta/core";
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import { properties, propertyValue, type Setting } from "../render/properties.ts";
import type { ApacheArtifact, DesiredFile, Origins } from "./desired.ts";
import { jvmService } from "./jvm-process.ts";
import { metricsPort } from "./metrics.ts";
import { movedPort } from "./origins.ts";
import type { Service, ServiceContext } from "./service.ts";

function artifact({ kafkaVersion, zookeeperVersion }: Cluster): ApacheArtifact {
  return zookeeperVersion === null
    ? { name: "kafka", version: kafkaVersion }
    : { name: "zookeeper", version: zookeeperVersion };
}

function settings(member: Member, { cluster }: ServiceContext): readonly Setting[] {
  const ensemble = membersOf(cluster, "zookeeper");
  const own: Record<string, string> = {
    dataDir: member.folders.data,
    ...(member.bind === "" ? { quorumListenOnAllIPs: "true" } : { clientPortAddress: member.bind }),
    clientPort: String(member.ports["client"]),
    tickTime: "2000",
    initLimit: "10",
    syncLimit: "5",
    maxClientCnxns: "0",
    "autopurge.snapRetainCount": "3",
    "autopurge.purgeInterval": "24",
    // The admin server would take port 8080.
    "admin.enableServer": "false",
    "4lw.commands.whitelist": "srvr, dump",
  };
  if (ensemble.length > 1) {
    for (const peer of ensemble)
      own[`server.${peer.id}`] = `${peer.host}:${peer.ports["peer"]}:${peer.ports["election"]}`;
  }
  return [
    ...Object.entries(own).map(([key, value]) => ({ key, value, section: null })),
    ...Object.entries(member.config).map(([key, value]) => ({ key, value, section: "zookeeper.config" })),
  ];
}

function origins({ ports }: Member, { cluster, platform }: ServiceContext): Origins {
  const presence: Origins[string] = [{ field: "nodes", reads: { kind: "presence" } }];
  const peers = membersOf(cluster, "zookeeper").map(({ id }) => [`server.${id}`, presence] as const);
  return { ...Object.fromEntries(peers), clientPort: movedPort(platform, ports["client"], "([0-9]+)") };
}

function logFile(
  member: Member,
  { cluster, templates, platform }: ServiceContext,
): { readonly file: DesiredFile; readonly flag: string } {
  const log = `${member.folders.log}/zookeeper.log`;
  const journal = platform.machine !== null;
  // ZooKeeper's own distribution logs by Logback, the one in Kafka's libs by log4j.
  if (cluster.zookeeperVersion === null) {
    const path = `${member.folders.config}/log4j.properties`;
    const content = new Eta({ autoEscape: false, autoTrim: false }).renderString(
      templates["zookeeper-log4j.properties"],
      { file: propertyValue(log), journal },
    );
    return { file: { path, mode: 0o640, content, member: member.key }, flag: `-Dlog4j.configuration=file:${path}` };
  }
  const path = `${member.folders.config}/logback.xml`;
  const content = new Eta({ autoEscape: true, autoTrim: false }).renderString(templates["zookeeper-logback.xml"], {
    file: log,
    journal,
  });
  return { file: { path, mode: 0o640, content, member: member.key }, flag: `-Dlogback.configurationFile=file:${path}` };
}

/**
 * A follower knocks five times at the leader that was elected, by itself within half a second: where that machine is slow to listen, it
 * joins another election, and the leader waits for it in vain for the whole initLimit (20 s). ZooKeeper's Learner has no key for this.
 */
function followerFlags(cluster: Cluster): readonly string[] {
  return membersOf(cluster, "zookeeper").length > 1 ? ["-Dzookeeper.leaderConnectDelayDuringRetryMs=250"] : [];
}

export const zookeeper: Service = {
  role: "zookeeper",
  title: "ZooKeeper server",
  logName: "zookeeper.log",
  firstId: 1,
  basePorts: (spec) => ({ client: 2181, peer: 2888, election: 3888, ...metricsPort(spec, 7070) }),
  sectionName: "zookeeper",
  section: (spec) => spec.zookeeper,
  defaultHeapMiB: { laptop: 128, server: 512 },
  artifact,
  needs: () => [],
  reaches: () => [{ role: "zookeeper", ports: ["peer", "election"] }],
  waitsItself: () => "never",
  quorum: (count) => Math.floor(count / 2) + 1,
  desired: (member, context) => {
    const { folders } = member;
    const own = settings(member, context);
    const configFile = `${folders.config}/zoo.cfg`;
    const log = logFile(member, context);
    const home = context.software(artifact(context.cluster));
    const { files, process } = jvmService(
      {
        member,
        section: "zookeeper",
        version: { field: "zookeeper.version", reads: { kind: "part", of: "zookeeper-([0-9.]+)[^/]*/lib/" } },
        artifact: artifact(context.cluster),
        classpath: context.cluster.zookeeperVersion === null ? `${home}/libs/*` : `${home}/lib/*`,
        mainClass: "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        configFile,
        flags: [log.flag, ...followerFlags(context.cluster)],
        metricsRules: "metrics-zookeeper.yaml",
        files: [
          {
            path: configFile,
            mode: 0o640,
            content: properties(`ZooKeeper server ${member.id} of ${context.cluster.name}, written by kctl`, own),
            member: member.key,
            origins: origins(member, context),
          },
          log.file,
        ],
        log: `${folders.log}/zookeeper.log`,
        probe: { kind: "zookeeper", address: member.address, port: member.ports["client"] ?? 0 },
        stopSeconds: 30,
      },
      context,
    );
    const myid = `${folders.data}/myid`;
    return {
      files: [...files, { path: myid, mode: 0o640, content: `${member.id}\n`, member: null }],
      process,
      storedId: { member: member.key, path: myid, form: "myid" },
      storage: null,
    };
  },
};
