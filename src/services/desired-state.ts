/** A cluster turned into what each machine must have. */
import { membersOf, type Cluster, type Member, type Role } from "../cluster/cluster.ts";
import type {
  ClassArchive,
  DesiredFolder,
  DesiredHost,
  DesiredLiveSettings,
  DesiredState,
  Software,
} from "./desired.ts";
import { userSettings } from "./kafka-server.ts";
import { onMachine } from "./machine.ts";
import { service } from "./registry.ts";
import type { ServiceContext } from "./service.ts";

function foldersOf(members: readonly Member[]): readonly DesiredFolder[] {
  return members.flatMap(({ folders }) =>
    [folders.config, folders.data, folders.log, folders.run].map((path) => ({ path, mode: 0o750 })),
  );
}

export function artifactsOf(cluster: Cluster): readonly Software[] {
  return artifactsFor(cluster.members, cluster);
}

function artifactsFor(members: readonly Member[], cluster: Cluster): readonly Software[] {
  const all = members.flatMap(({ role }) => softwareFor(role, cluster));
  return [...new Map(all.map((artifact) => [`${artifact.name} ${artifact.version}`, artifact])).values()];
}

/** All that a server of the role runs from. */
export function softwareFor(role: Role, cluster: Cluster): readonly Software[] {
  const { artifact, plugins, defaultHeapMiB } = service(role);
  const exporter = defaultHeapMiB === null || cluster.exporter === null ? [] : [cluster.exporter];
  return [artifact(cluster), ...(plugins?.(cluster) ?? []), ...exporter];
}

/** One for each software: its servers and its tools share it. */
export function classArchivesOf(
  cluster: Cluster,
  classArchive: ServiceContext["classArchive"],
): readonly ClassArchive[] {
  return artifactsOf(cluster).flatMap((of) => {
    if (of.name !== "kafka" && of.name !== "zookeeper") return [];
    const path = classArchive(of);
    return path === null ? [] : [{ path, of, list: cluster.quorum }];
  });
}

export function desiredState(context: ServiceContext): DesiredState {
  const { cluster, platform } = context;
  const { machine } = platform;
  const hosts = cluster.nodes.map((node): DesiredHost => {
    const { name } = node;
    const members = cluster.members.filter(({ node }) => node === name);
    const states = members.map((member) => service(member.role).desired(member, context));
    const host: DesiredHost = {
      node: name,
      folders: foldersOf(members),
      files: states.flatMap(({ files }) => files),
      processes: states.map(({ process }) => process),
      storedIds: states.flatMap(({ storedId }) => storedId ?? []),
      storage: states.flatMap(({ storage }) => storage ?? []),
    };
    return machine === null
      ? host
      : onMachine(host, node, {
          cluster,
          machine,
          templates: context.templates,
          artifacts: artifactsFor(members, cluster),
        });
  });
  const liveSettings = membersOf(cluster, "broker").map((member): DesiredLiveSettings => ({
    broker: member.id,
    settings: Object.fromEntries(
      userSettings(member, "nodes.config", cluster).flatMap(({ key, value, section, live }) =>
        live === true ? [[key, { value, from: `${section}.${key}` }]] : [],
      ),
    ),
  }));
  const classArchives = classArchivesOf(cluster, context.classArchive);
  return { artifacts: artifactsOf(cluster), classArchives, hosts, liveSettings, topics: cluster.topics };
}
