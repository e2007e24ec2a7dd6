/** Burrow, which watches the lag of consumer groups: a program of its own that is no JVM. It keeps nothing but what it saw last. */
import { Eta } from "eta/core";
import { membersOf, type Cluster, type Member, type WatchedCluster } from "../cluster/cluster.ts";
import { sectionLine } from "../render/properties.ts";
import type { BurrowArtifact, DesiredFile, Origin, Origins } from "./desired.ts";
import { inputsArgument, inputsOf, memberProcess } from "./member-process.ts";
import { movedPort } from "./origins.ts";
import type { Service, ServiceContext } from "./service.ts";

function artifact({ burrow }: Cluster): BurrowArtifact {
  // The spec's rules let nobody have the role without it.
  if (burrow === null) throw new RangeError("nothing says which Burrow");
  return burrow.artifact;
}

/** A text, and a list of them, as TOML has them: what JSON escapes, TOML's basic strings do alike. */
const text = (value: string): string => JSON.stringify(value);
const list = (values: readonly string[]): string => `[${values.map(text).join(", ")}]`;

/** Whose versions are not known are spoken to in a way that every broker from 2.1 to 4.3 takes. */
const spokenByAll = "2.1.0";

type Section = {
  readonly name: string;
  readonly comment: string | null;
  readonly clientId: string;
  readonly version: string;
  readonly brokers: readonly string[];
  readonly keepers: readonly string[];
};

/** By the names that every machine knows, whatever clients are told. */
function servers(cluster: Cluster, role: "broker" | "zookeeper", port: string): readonly string[] {
  return membersOf(cluster, role).map(({ host, ports }) => `${host}:${ports[port]}`);
}

function sectionsOf(cluster: Cluster): readonly Section[] {
  const own: Section = {
    name: cluster.name,
    comment: null,
    clientId: `burrow-${cluster.name}`,
    version: cluster.kafkaVersion,
    brokers: servers(cluster, "broker", "internal"),
    keepers: servers(cluster, "zookeeper", "client"),
  };
  const further = cluster.burrow?.clusters ?? [];
  return [
    own,
    ...further.map(({ name, brokers, zookeepers }: WatchedCluster, index): Section => ({
      name,
      comment: index === 0 ? sectionLine("burrow.clusters") : null,
      clientId: `burrow-${cluster.name}`,
      version: spokenByAll,
      brokers,
      keepers: zookeepers,
    })),
  ];
}

const pidFile = ({ folders }: Member): string => `${folders.run}/burrow.pid`;

function configuration(member: Member, { cluster, platform, templates }: ServiceContext): string {
  const { folders, bind, ports, id } = member;
  const rendered = new Eta({ autoEscape: false, autoTrim: false }).renderString(templates["burrow.toml"], {
    title: `Burrow ${id} of ${cluster.name}, written by kctl`,
    pidFile: pidFile(member),
    log: `${folders.log}/burrow.log`,
    address: `${bind}:${ports["http"]}`,
    keepers: servers(cluster, "zookeeper", "client"),
    sections: sectionsOf(cluster),
    // On a laptop a topic is looked at soon after it was made.
    topicSeconds: platform.profile === "laptop" ? 10 : 60,
    text,
    list,
  });
  return `${rendered.replaceAll(/\n{3,}/g, "\n\n").trimEnd()}\n`;
}

function origins({ ports }: Member, { cluster, platform }: ServiceContext): Origins {
  const items: readonly Origin[] = [{ field: "nodes", reads: { kind: "items" } }];
  const { name } = cluster;
  return {
    "[httpserver.default] address": movedPort(platform, ports["http"], ':([0-9]+)"'),
    "[zookeeper] servers": items,
    [`[client-profile.${name}] kafka-version`]: [{ field: "kafka.version", reads: { kind: "part", of: '"(.*)"' } }],
    [`[cluster.${name}] servers`]: items,
    [`[consumer.${name}] servers`]: items,
    [`[consumer.${name}-zookeeper] servers`]: items,
  };
}

export const burrow: Service = {
  role: "burrow",
  title: "Burrow",
  logName: "burrow.log",
  firstId: 1,
  basePorts: () => ({ http: 8000 }),
  sectionName: "burrow",
  section: () => ({ config: {}, jvm: [] }),
  defaultHeapMiB: null,
  artifact,
  needs: () => ["broker"],
  reaches: ({ quorum }) => [
    { role: "broker", ports: ["internal"] },
    ...(quorum === "zookeeper" ? [{ role: "zookeeper" as const, ports: ["client"] }] : []),
  ],
  waitsItself: () => "never",
  quorum: (count) => count,
  desired: (member, context) => {
    const { folders } = member;
    const { cluster, software } = context;
    const own = artifact(cluster);
    const program = `${software(own)}/program/burrow`;
    const mark = `--config-dir=${folders.config}`;
    const file: DesiredFile = {
      path: `${folders.config}/burrow.toml`,
      mode: 0o640,
      content: configuration(member, context),
      member: member.key,
      origins: origins(member, context),
    };
    const inputs = inputsOf([program, file.path, file.content]);
    return {
      files: [file],
      process: {
        ...memberProcess(member),
        // What comes after `--` it passes over.
        argv: [program, mark, "--", inputsArgument(inputs)],
        programFrom: "burrow",
        mark,
        inputs,
        log: `${folders.log}/burrow.log`,
        probe: { kind: "burrow", address: member.address, port: member.ports["http"] ?? 0 },
        readsOffsetsOf: membersOf(cluster, "broker").map(({ id, address, ports }) => ({
          id,
          host: address,
          port: ports["clients"] ?? 0,
        })),
        // It believes the pid in there, whoever has it by now.
        leaves: pidFile(member),
        stopSeconds: 30,
      },
      storedId: null,
      storage: null,
    };
  },
};
