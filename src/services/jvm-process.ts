/** A service that is a JVM: its argument file, its command and the digest of all that it reads when it starts. */
import type { Cluster, Member } from "../cluster/cluster.ts";
import { jvmArguments } from "../render/jvm-arguments.ts";
import { sectionLine } from "../render/properties.ts";
import type { ApacheArtifact, DesiredFile, DesiredProcess, Origin, Probe, Registration } from "./desired.ts";
import { metricsAgent, type MetricsAgent } from "./metrics.ts";
import { inputsArgument, inputsOf, memberProcess } from "./member-process.ts";
import type { Service, ServiceContext, TemplateName } from "./service.ts";

type JvmService = {
  readonly member: Member;
  /** What it runs from. */
  readonly artifact: ApacheArtifact;
  readonly classpath: string;
  readonly mainClass: string;
  /** The main class's one argument. */
  readonly configFile: string;
  /** System properties and flags of the service's own. */
  readonly flags: readonly string[];
  /** Which of its metrics it tells, where it tells any. */
  readonly metricsRules: TemplateName;
  /** What it reads when it starts. */
  readonly files: readonly DesiredFile[];
  readonly log: string;
  readonly probe: Probe;
  readonly registration?: Registration;
  readonly stopSeconds: number;
  /** What of the class path tells its version. */
  readonly version: Origin;
  /** Its part of the spec. */
  readonly section: Service["sectionName"];
};

/**
 * C1 and the serial collector start fastest and stay smallest, which is what a laptop or a CI job wants; G1 with a
 * pause goal is what Kafka's documentation recommends for servers (Operations, "Java Version").
 */
export const profileFlags = {
  // Compiling what runs a few hundred times while starting, and never again, costs more than it gives: hence the threshold.
  laptop: ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:CompileThresholdScaling=4"],
  server: [
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    // A start takes a seventh less, and a restarted broker no longer for the same load; with 4 it does (docs/decisions/0009).
    "-XX:CompileThresholdScaling=2",
  ],
} as const;

const collector = /^-XX:\+Use\w+GC$/;

/** The profile's flags; the user's own collector takes the place of kctl's, since a JVM refuses two. */
function flagsFor(cluster: Cluster, jvm: readonly string[]): readonly string[] {
  const flags = profileFlags[cluster.jvmProfile];
  return jvm.some((flag) => collector.test(flag)) ? flags.filter((flag) => !collector.test(flag)) : flags;
}

/** An archive that is not there, or not of this very Java and these very jars, is passed over: it only saves time. */
export function archiveFlags(archive: string | null): readonly string[] {
  return archive === null ? [] : ["-Xshare:auto", `-XX:SharedArchiveFile=${archive}`];
}

function argumentFile(
  service: JvmService,
  { cluster, classArchive }: ServiceContext,
  agent: MetricsAgent | null,
): DesiredFile {
  const { member } = service;
  const initialHeap = cluster.jvmProfile === "server" ? member.heapMiB : Math.min(member.heapMiB, 64);
  const heap = [`-Xms${initialHeap}m`, `-Xmx${member.heapMiB}m`];
  const own = [
    ...(member.heapFrom === null ? heap : []),
    ...flagsFor(cluster, member.jvm),
    ...archiveFlags(classArchive(service.artifact)),
    "-XX:+ExitOnOutOfMemoryError",
    `-XX:ErrorFile=${member.folders.log}/hs_err_pid%p.log`,
    // Neither performance data nor unpacked native libraries are left in /tmp by a server that was killed.
    "-XX:-UsePerfData",
    `-Djava.io.tmpdir=${member.folders.run}`,
    "-Djava.awt.headless=true",
    ...(agent === null ? [] : [agent.flag]),
    ...service.flags,
    "-cp",
    service.classpath,
  ];
  const sections = [
    { section: member.heapFrom, lines: member.heapFrom === null ? [] : heap },
    { section: `${service.section}.jvm`, lines: member.jvm },
  ];
  const given = sections.flatMap(({ lines }) => lines);
  const commented = sections.flatMap(({ section, lines }) =>
    section === null || lines.length === 0 ? [] : [`${sectionLine(section)}\n`, jvmArguments(lines)],
  );
  return {
    path: `${member.folders.config}/jvm.args`,
    mode: 0o640,
    content: [jvmArguments(own), ...commented].join(""),
    readAtStart: jvmArguments([...own, ...given]),
    member: member.key,
    origins: {
      "-cp": [service.version],
      "-javaagent": [{ field: "metrics", reads: { kind: "part", of: "/jmx-exporter-([0-9.]+)/" } }],
      "-XX:SharedArchiveFile": [{ field: "java.archive", reads: { kind: "presence" } }],
      "-XX:TieredStopAtLevel": [{ field: "java.profile", reads: { kind: "presence" } }],
    },
  };
}

/** The whole of a JVM service: its files and the process that reads them. */
export function jvmService(
  service: JvmService,
  context: ServiceContext,
): { readonly files: readonly DesiredFile[]; readonly process: DesiredProcess } {
  const { member } = service;
  const agent = metricsAgent(member, service.metricsRules, context);
  const argsFile = argumentFile(service, context, agent);
  const files = [argsFile, ...service.files, ...(agent === null ? [] : [agent.rules])];
  const inputs = inputsOf([
    context.java,
    service.mainClass,
    ...files.flatMap(({ path, content, readAtStart }) => [path, readAtStart ?? content]),
  ]);
  const mark = `@${argsFile.path}`;
  return {
    files,
    process: {
      ...memberProcess(member),
      argv: [context.java, inputsArgument(inputs), mark, service.mainClass, service.configFile],
      programFrom: context.cluster.javaFrom,
      mark,
      inputs,
      log: service.log,
      probe: service.probe,
      ...(service.registration === undefined ? {} : { registration: service.registration }),
      stopSeconds: service.stopSeconds,
    },
  };
}
