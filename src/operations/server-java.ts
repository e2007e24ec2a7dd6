/** Finds the Java that a cluster's servers run on, or says which one is to be fetched. */
import { knownAfterUp } from "../cluster/known-after-up.ts";
import { javaPlatformHere, type JavaPlatform } from "../artifacts/java-platform.ts";
import { findJava, type Java } from "../artifacts/java.ts";
import { temurinHome, temurinOf } from "../artifacts/temurin.ts";
import { KctlError } from "../fault.ts";
import type { Receipt } from "../plan/receipt.ts";
import type { Artifact, JavaArtifact } from "../services/desired.ts";
import type { Spec } from "../spec/schema.ts";
import { javaFor } from "../spec/versions.ts";
import type { Context } from "./context.ts";
import type { ServerJava } from "./wanted.ts";

/** The Java that the cluster already runs on, while it is there; else the first that fits; else a Temurin of the cache's, yet to come. */
export async function serverJava(
  spec: Spec,
  receipt: Receipt | null,
  cache: string,
  { env, platform, signal }: Context,
): Promise<ServerJava> {
  const needs = javaFor(spec.kafka.version);
  const wanted = { home: spec.java?.home ?? null, version: spec.java?.version ?? null };
  if (receipt !== null && wanted.home === null && wanted.version === null) {
    try {
      return placed(await findJava({ home: receipt.java, version: null }, needs, { env, platform, signal }), cache);
    } catch {
      // It is gone: any other that fits will do, and the servers are restarted on it.
    }
  }
  const here = (): JavaPlatform | null => javaPlatformHere(platform);
  try {
    return placed(await findJava(wanted, needs, { env, platform, signal, own: { cache, platform: here } }), cache);
  } catch (error) {
    if (wanted.home !== null || !isMissing(error)) throw error;
    const machine = here();
    if (machine === null) throw noneAtAll(error, `there is no Temurin for ${platform} on ${process.arch}`);
    const temurin: JavaArtifact = { name: "java", version: String(wanted.version ?? needs.recommended), ...machine };
    const { home, executable } = temurinHome(cache, temurin);
    return { home, executable, temurin, major: Number(temurin.version), missing: error };
  }
}

function isMissing(error: unknown): error is KctlError {
  return error instanceof KctlError && error.faults[0]?.code === "java-not-found";
}

function placed({ home, executable, major }: Java, cache: string): ServerJava {
  return { home, executable, temurin: temurinOf(cache, home), major, missing: null };
}

/** Stands for a Java that is not known: for `render` and `status`, which start nothing. */
export const unknownJava: ServerJava = {
  home: knownAfterUp,
  executable: knownAfterUp,
  temurin: null,
  major: null,
  missing: null,
};

function noneAtAll(missing: KctlError, why: string, more = ""): KctlError {
  return new KctlError(
    missing.faults.map((fault) => ({
      ...fault,
      what: `${fault.what}, and none could be fetched`,
      fix: `${fault.fix ?? ""}${more}`,
      detail: `${fault.detail ?? ""}\n${why}`,
    })),
  );
}

/** An error of an artifact as the user is to see it: where Java could not be had, with what was found here and what else would do. */
export function explained(error: unknown, artifact: Artifact, { missing }: ServerJava): unknown {
  const [fault] = error instanceof KctlError ? error.faults : [];
  if (artifact.name !== "java" || missing === null || fault === undefined) return error;
  if (fault.code === "artifact-damaged") return noneAtAll(missing, fault.what);
  return fault.code === "artifact-unavailable"
    ? noneAtAll(missing, fault.detail ?? fault.what, `; or ${fault.fix ?? ""}`)
    : error;
}
