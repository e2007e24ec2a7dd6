/** Finds the Java that a cluster's servers run on. */
import { findJava } from "../artifacts/java.ts";
import type { Receipt } from "../plan/receipt.ts";
import type { Spec } from "../spec/schema.ts";
import { javaFor } from "../spec/versions.ts";
import type { Context } from "./context.ts";
import type { ServerJava } from "./survey.ts";

/** The Java that the cluster already runs on, while it is there; else the spec's, JAVA_HOME's or the PATH's. */
export async function serverJava(
  spec: Spec,
  receipt: Receipt | null,
  { env, platform, signal }: Context,
): Promise<ServerJava> {
  const needs = javaFor(spec.kafka.version);
  const wanted = { home: spec.java?.home ?? null, version: spec.java?.version ?? null };
  if (receipt !== null && wanted.home === null && wanted.version === null) {
    try {
      return await findJava({ home: receipt.java, version: null }, needs, { env, platform, signal });
    } catch {
      // It is gone: any other that fits will do, and the servers are restarted on it.
    }
  }
  return await findJava(wanted, needs, { env, platform, signal });
}

/** Stands for a Java that is not known: for `render` and `status`, which start nothing. */
export const unknownJava: ServerJava = { home: "<known after up>", executable: "<known after up>" };
