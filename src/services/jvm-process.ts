/** A service that is a JVM: its argument file, its command and the digest of all that it reads when it starts. */
import { createHash } from "node:crypto";
import type { Member } from "../cluster/cluster.ts";
import { jvmArguments } from "../render/jvm-arguments.ts";
import type { DesiredFile, DesiredProcess, Probe, Registration } from "./desired.ts";
import type { ServiceContext } from "./service.ts";

type JvmService = {
  readonly member: Member;
  readonly classpath: string;
  readonly mainClass: string;
  /** The main class's one argument. */
  readonly configFile: string;
  /** System properties and flags of the service's own. */
  readonly flags: readonly string[];
  /** What it reads when it starts. */
  readonly files: readonly DesiredFile[];
  readonly log: string;
  readonly probe: Probe;
  readonly registration?: Registration;
  readonly stopSeconds: number;
  /** Its part of the spec: `kafka`, `zookeeper`. */
  readonly section: string;
};

/**
 * C1 and the serial collector start fastest and stay smallest, which is what a laptop or a CI job wants; G1 with a
 * pause goal is what Kafka's documentation recommends for servers (Operations, "Java Version").
 */
const profileFlags = {
  laptop: ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"],
  server: [
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
  ],
} as const;

function digestOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24);
}

function argumentFile(service: JvmService, { platform }: ServiceContext): DesiredFile {
  const { member } = service;
  const initialHeap = platform.profile === "server" ? member.heapMiB : Math.min(member.heapMiB, 64);
  const lines = [
    `-Xms${initialHeap}m`,
    `-Xmx${member.heapMiB}m`,
    ...profileFlags[platform.profile],
    "-XX:+ExitOnOutOfMemoryError",
    `-XX:ErrorFile=${member.folders.log}/hs_err_pid%p.log`,
    // Neither performance data nor unpacked native libraries are left in /tmp by a server that was killed.
    "-XX:-UsePerfData",
    `-Djava.io.tmpdir=${member.folders.run}`,
    "-Djava.awt.headless=true",
    ...service.flags,
    ...member.jvm,
    "-cp",
    service.classpath,
  ];
  const origins = Object.fromEntries<string>([
    [`-Xmx${member.heapMiB}m`, `${service.section}.heap`],
    [`-Xms${initialHeap}m`, `${service.section}.heap`],
    ...member.jvm.map((flag) => [flag.replace(/=.*/s, ""), `${service.section}.jvm`] as const),
  ]);
  return {
    path: `${member.folders.config}/jvm.args`,
    mode: 0o640,
    content: jvmArguments(lines),
    member: member.key,
    origins,
  };
}

/** The whole of a JVM service: its files and the process that reads them. */
export function jvmService(
  service: JvmService,
  context: ServiceContext,
): { readonly files: readonly DesiredFile[]; readonly process: DesiredProcess } {
  const { member } = service;
  const argsFile = argumentFile(service, context);
  const files = [argsFile, ...service.files];
  const inputs = digestOf([
    context.java,
    service.mainClass,
    ...files.flatMap(({ path, content, readAtStart }) => [path, readAtStart ?? content]),
  ]);
  const mark = `@${argsFile.path}`;
  return {
    files,
    process: {
      key: member.key,
      node: member.node,
      role: member.role,
      argv: [context.java, `-Dkctl.inputs=${inputs}`, mark, service.mainClass, service.configFile],
      env: {},
      folder: member.folders.run,
      mark,
      inputs,
      console: `${member.folders.log}/console.log`,
      log: service.log,
      pidFile: `${member.folders.run}/pid`,
      ports: member.ports,
      probe: service.probe,
      ...(service.registration === undefined ? {} : { registration: service.registration }),
      stopSeconds: service.stopSeconds,
    },
  };
}
