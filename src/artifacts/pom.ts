/** The Maven projects whose dependencies are the jars of an official archive, of a plugin of Connect, or of the metrics' exporter. */
import type { ApacheArtifact, PluginSource } from "../services/desired.ts";
import { minorOf } from "../spec/versions.ts";

function dependency(group: string, name: string, version: string | null): string {
  const versionLine = version === null ? "" : `<version>${version}</version>`;
  return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId>${versionLine}</dependency>`;
}

/**
 * Kafka 4 logs by log4j 2. Its archive has the binding to it and its projects do not bring it: without it every log is empty.
 * The versions are those of log4j-core in the pom of org.apache.kafka:kafka-server; of each minor the newest known serves the others.
 */
const log4j2: Readonly<Record<string, string>> = {
  "4.0": "2.24.3",
  "4.1.0": "2.24.3",
  "4.1.1": "2.24.3",
  "4.1": "2.25.3",
  "4.2.0": "2.25.3",
  "4.2.1": "2.25.4",
  "4.2": "2.25.5",
  "4.3": "2.25.4",
};

function kafka(version: string): string {
  const names = ["kafka_2.13", "kafka-tools", "connect-runtime"];
  const list = names.map((name) => dependency("org.apache.kafka", name, version));
  const logging = log4j2[version] ?? log4j2[minorOf(version)];
  if (logging !== undefined) list.push(dependency("org.apache.logging.log4j", "log4j-slf4j-impl", logging));
  return `<dependencies>${list.join("")}</dependencies>`;
}

/** The shell's line editor went to another group in 3.8.6 and 3.9.5. */
function jlineGroup(version: string): string {
  const [, minor = 0, patch = 0] = version.split(".").map(Number);
  const older = minor < 8 || (minor === 8 && patch < 6) || (minor === 9 && patch < 5);
  return older ? "jline" : "org.jline";
}

/**
 * What ZooKeeper's own project counts as "provided", but packs into its archive, must be named here: metrics and
 * snappy, without which the server dies, logging, the admin server, the shell. Its parent project says which versions.
 */
function zookeeper(version: string): string {
  const group = "org.apache.zookeeper";
  const parent = `<dependency><groupId>${group}</groupId><artifactId>parent</artifactId><version>${version}</version><type>pom</type><scope>import</scope></dependency>`;
  const list = [
    dependency(group, "zookeeper", version),
    dependency("ch.qos.logback", "logback-classic", null),
    dependency("io.dropwizard.metrics", "metrics-core", null),
    dependency("org.xerial.snappy", "snappy-java", null),
    dependency("org.eclipse.jetty", "jetty-server", null),
    dependency("org.eclipse.jetty", "jetty-servlet", null),
    dependency("com.fasterxml.jackson.core", "jackson-databind", null),
    dependency(jlineGroup(version), "jline", null),
    dependency("commons-cli", "commons-cli", null),
  ];
  return `<dependencyManagement><dependencies>${parent}</dependencies></dependencyManagement><dependencies>${list.join("")}</dependencies>`;
}

/** What every worker has: a second copy in a plugin would only be in the way. */
const ofConnect = [
  ...["connect-api", "connect-runtime", "connect-json", "connect-transforms", "kafka-clients"].map((name) => ({
    group: "org.apache.kafka",
    name,
  })),
  { group: "org.slf4j", name: "slf4j-api" },
];

/** A plugin of Connect with all that it needs, but for what Connect brings. */
export function pluginPom({ group, artifact, version }: Extract<PluginSource, { kind: "maven" }>): string {
  const exclusions = ofConnect.map(
    ({ group, name }) => `<exclusion><groupId>${group}</groupId><artifactId>${name}</artifactId></exclusion>`,
  );
  const plugin = dependency(group, artifact, version).replace(
    "</dependency>",
    `<exclusions>${exclusions.join("")}</exclusions></dependency>`,
  );
  return project(`<dependencies>${plugin}</dependencies>`);
}

/** The exporter's agent alone: it has all that it needs in its own jar. */
export function exporterPom(version: string): string {
  const everything = "<exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>";
  const agent = dependency("io.prometheus.jmx", "jmx_prometheus_javaagent", version).replace(
    "</dependency>",
    `<exclusions>${everything}</exclusions></dependency>`,
  );
  return project(`<dependencies>${agent}</dependencies>`);
}

export function pomOf({ name, version }: ApacheArtifact): string {
  return project(name === "kafka" ? kafka(version) : zookeeper(version));
}

function project(dependencies: string): string {
  return [
    `<project xmlns="http://maven.apache.org/POM/4.0.0">`,
    "<modelVersion>4.0.0</modelVersion>",
    "<groupId>kctl</groupId><artifactId>artifact</artifactId><version>1</version><packaging>pom</packaging>",
    dependencies,
    "</project>",
    "",
  ].join("\n");
}
