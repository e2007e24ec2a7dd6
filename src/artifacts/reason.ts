/** What went wrong with a source, in a sentence; and the one error when all of them failed. */
import { KctlError } from "../fault.ts";
import type { Artifact } from "../services/desired.ts";
import { officialNames } from "./cache.ts";

export type Failure = { readonly source: string; readonly why: string };

const fullCodes = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"]);
const forbiddenCodes = new Set(["EROFS", "EACCES", "EPERM", "EIO"]);

function fieldOf(error: unknown, name: string): string | null {
  const value: unknown = error instanceof Error ? Object.getOwnPropertyDescriptor(error, name)?.value : undefined;
  return typeof value === "string" ? value : null;
}

/** Whether it is the cache that cannot be written: the next source would meet that too. A mirror's folder does not count. */
export function isOfThisMachine(error: unknown, cache: string): boolean {
  const code = fieldOf(error, "code") ?? "";
  return fullCodes.has(code) || (forbiddenCodes.has(code) && (fieldOf(error, "path") ?? "").startsWith(cache));
}

export function reasonOf(error: unknown): string {
  if (error instanceof KctlError) return error.message;
  const host = fieldOf(error, "hostname") ?? "";
  switch (fieldOf(error, "code")) {
    case "ENOTFOUND":
      return `the name ${host} cannot be resolved`;
    case "EAI_AGAIN":
      return `the name ${host} cannot be resolved: the name server does not answer`;
    case "ECONNREFUSED":
      return "the connection was refused";
    case "ECONNRESET":
      return "the connection was cut";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return "there is no way to it from here";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

const titles: Readonly<Record<Artifact["name"], string>> = {
  kafka: "Kafka",
  zookeeper: "ZooKeeper",
  java: "a Temurin JRE",
  "connect-plugin": "Connect's plugin",
  burrow: "Burrow",
  "jmx-exporter": "the Prometheus JMX exporter",
};

export function unavailable(artifact: Artifact, failures: readonly Failure[]): KctlError {
  const { file } = officialNames(artifact);
  const detail = failures.map(({ source, why }) => `${source}: ${why}`).join("\n");
  const what = `no source could give ${titles[artifact.name]} ${artifact.version}`;
  if (artifact.name === "connect-plugin")
    return new KctlError({ code: "artifact-unavailable", what, where: file, fix: "see `connect.plugins`", detail });
  if (artifact.name === "burrow" && artifact.from !== null)
    return new KctlError({ code: "artifact-unavailable", what, where: file, fix: "see `burrow.archive`", detail });
  const maven = artifact.name === "java" || artifact.name === "burrow" ? "" : "or install Maven (mvn); ";
  return new KctlError({
    code: "artifact-unavailable",
    what,
    where: file,
    fix:
      `put ${file} and ${file}.sha512 into a folder and name it as artifacts.mirror; or run kctl fetch where there is ` +
      `a network and carry the cache over; ${maven}or set HTTPS_PROXY where a proxy is needed`,
    detail,
  });
}
