/** Spec, platform and known ids in; the resolved cluster out. Nothing here depends on the order of keys or on a clock. */
import type { Spec } from "../spec/schema.ts";
import { burrowArtifact } from "../services/burrow-artifact.ts";
import { pluginArtifact } from "../services/plugins.ts";
import { service, servicesInOrder } from "../services/registry.ts";
import type { BurrowSetup, Cluster, ClusterNode, Member, Role } from "./cluster.ts";
import { isKnown } from "./known-after-up.ts";
import { giveIds, type KnownIds } from "./known-ids.ts";
import { placeOf, usualAdvertise } from "./place.ts";
import type { Platform } from "./platform.ts";

type NodeEntry = Spec["nodes"][number];
type NamedEntry = { readonly name: string; readonly entry: NodeEntry };

/** Every node of the spec with its name: a group of three gives GROUP-1 to GROUP-3. */
function expandNodes(spec: Spec): readonly NamedEntry[] {
  return spec.nodes.flatMap((entry) => {
    if (entry.name !== undefined) return [{ name: entry.name, entry }];
    return Array.from({ length: entry.count ?? 0 }, (_, index) => ({ name: `${entry.group}-${index + 1}`, entry }));
  });
}

export type NodeNames = {
  readonly node: string;
  /** By which it is reached from here and its servers tell of it; of one that is still to be made there may be none. */
  readonly own: readonly string[];
  /** By which servers tell of it that were started before the spec said otherwise. */
  readonly others: readonly string[];
  /** For whoever is beside it. */
  readonly inside: string;
};

export function namesOfNodes(spec: Spec, platform: Platform): readonly NodeNames[] {
  const { clients, external } = spec.kafka;
  return expandNodes(spec).map(({ name, entry }) => {
    const { address, told } = placeOf(name, entry, platform);
    const own = [address, name, told(clients.advertise ?? usualAdvertise(platform))];
    const others = [told("private"), told("public"), ...(external === undefined ? [] : [told(external.advertise)])];
    return {
      node: name,
      own: own.filter(isKnown),
      others: others.filter((one) => isKnown(one) && !own.includes(one)),
      inside: told("private"),
    };
  });
}

export function resolveCluster(spec: Spec, platform: Platform, known: KnownIds): Cluster {
  const named = expandNodes(spec);
  const nodes = named.map(({ name, entry }): ClusterNode => {
    const { address, user, rack } = placeOf(name, entry, platform);
    const roles = servicesInOrder.map(({ role }) => role).filter((role) => entry.roles.includes(role));
    return { name, address, user, rack, roles };
  });
  const members = servicesInOrder.flatMap(({ role }) => resolveRole(role, named, spec, platform, known));
  return {
    name: spec.name,
    provider: platform.provider,
    quorum: members.some(({ role }) => role === "controller") ? "kraft" : "zookeeper",
    kafkaVersion: spec.kafka.version,
    javaFrom: javaFrom(spec),
    javaHome: spec.java?.home ?? null,
    javaVersion: spec.java?.version ?? null,
    jvmProfile: spec.java?.profile ?? platform.profile,
    zookeeperVersion: spec.zookeeper.version ?? null,
    nodes,
    members,
    joiningLater: [],
    topics: (spec.topics ?? []).map(({ name, partitions, replicas, config, delete: goes = false }) => ({
      name,
      partitions: partitions ?? null,
      replicas: replicas ?? null,
      config,
      delete: goes,
    })),
    prune: spec.prune,
    plugins: (spec.connect?.plugins ?? []).map(pluginArtifact),
    burrow: burrowSetup(spec),
    exporter: spec.metrics === undefined ? null : { name: "jmx-exporter", version: spec.metrics.version },
    sysctl: spec.sysctl ?? {},
  };
}

/** As programs of all sorts read it: an IPv6 address in brackets. */
function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function burrowSetup({ burrow }: Spec): BurrowSetup | null {
  if (burrow === undefined) return null;
  const clusters = burrow.clusters.map(({ name, bootstrap, zookeeper }) => ({
    name,
    brokers: bootstrap.map(addressText),
    zookeepers: zookeeper.map(addressText),
  }));
  return { artifact: burrowArtifact(burrow), clusters };
}

function javaFrom({ java }: Spec): string {
  if (java?.home !== undefined) return "java.home";
  return java?.version === undefined ? "java" : "java.version";
}

function resolveRole(
  role: Role,
  named: readonly NamedEntry[],
  spec: Spec,
  platform: Platform,
  known: KnownIds,
): readonly Member[] {
  const { firstId, basePorts, section, sectionName, defaultHeapMiB } = service(role);
  const having = named.filter(({ entry }) => entry.roles.includes(role));
  const ids = giveIds(
    role,
    having.map(({ name }) => `${name}/${role}`),
    firstId,
    known,
  );
  const settings = section(spec);
  const { clients, external } = spec.kafka;
  return having.map(({ name, entry }): Member => {
    const key = `${name}/${role}`;
    const id = ids.get(key) ?? firstId;
    const shift = platform.portShift + platform.portStep * (id - firstId);
    const { address, rack, told } = placeOf(name, entry, platform);
    const inFolder = (pattern: string): string => pattern.replaceAll("{node}", name).replaceAll("{role}", role);
    return {
      key,
      node: name,
      role,
      id,
      address,
      host: platform.sharedAddress ?? name,
      bind: platform.sharedAddress ?? "",
      advertised: told(clients.advertise ?? usualAdvertise(platform)),
      advertisedOutside: external === undefined ? null : told(external.advertise),
      ports: Object.fromEntries(Object.entries(basePorts(spec)).map(([port, base]) => [port, base + shift])),
      heapMiB: defaultHeapMiB === null ? 0 : (entry.heap ?? settings.heap ?? defaultHeapMiB[platform.profile]),
      heapFrom: entry.heap !== undefined ? "nodes.heap" : settings.heap !== undefined ? `${sectionName}.heap` : null,
      rack,
      config: role === "broker" ? { ...settings.config, ...entry.config } : settings.config,
      ownSettings: role === "broker" ? Object.keys(entry.config) : (settings.own ?? []),
      jvm: settings.jvm,
      folders: {
        config: inFolder(platform.folders.config),
        data: inFolder(platform.folders.data),
        log: inFolder(platform.folders.log),
        run: inFolder(platform.folders.run),
      },
    };
  });
}
