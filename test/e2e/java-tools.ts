/** Kafka's own tools, as they lie in the cache once a cluster of that version is up. */
import { join } from "node:path";
import { inject } from "vitest";

/** Small, and quick to begin. Java cannot spell every folder's name without a locale. */
export const javaEnv = {
  ...process.env,
  LC_ALL: "C.UTF-8",
  KAFKA_HEAP_OPTS: "-Xmx128m",
  KAFKA_JVM_PERFORMANCE_OPTS: "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
};

export function javaTool(version: string, name: string): string {
  return join(inject("cache"), `software/kafka_2.13-${version}/bin/${name}.sh`);
}
