/** Kafka's jars of any version, from the cache or through Maven. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** What a Kafka that logs by log4j 2 needs, and its own project does not bring; without it every log is empty. */
const loggers: Readonly<Record<string, string>> = { "4.1.1": "2.24.3", "4.3.1": "2.25.4" };

/** The folder of jars; assembled aside and renamed into place, so that a killed run leaves none that is half full. */
export async function kafkaJars(kafkaVersion = "3.9.1"): Promise<string> {
  const cache = process.env["KCTL_CACHE"] ?? join(tmpdir(), "kctl-test-cache");
  const jars = join(cache, `test-kafka-${kafkaVersion}`);
  if (existsSync(jars)) return jars;
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(join(cache, "jars-"));
  await writeFile(join(aside, "pom.xml"), pom(kafkaVersion));
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${join(aside, "libs")}`];
  await promisify(execFile)("mvn", ["-q", "-B", "-f", join(aside, "pom.xml"), ...goal]);
  // Another test may have been faster; its jars are as good.
  await rename(join(aside, "libs"), jars).catch((error: unknown) => {
    if (!existsSync(jars)) throw error;
  });
  await rm(aside, { recursive: true, force: true });
  return jars;
}

function pom(version: string): string {
  const logger = loggers[version];
  const dependencies = [
    dependency("org.apache.kafka", "kafka_2.13", version),
    dependency("org.apache.kafka", "kafka-tools", version),
    ...(logger === undefined ? [] : [dependency("org.apache.logging.log4j", "log4j-slf4j-impl", logger)]),
  ].join("");
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>kctl</groupId>
<artifactId>test-jars</artifactId><version>1</version><dependencies>${dependencies}</dependencies></project>
`;
}

function dependency(group: string, name: string, version: string): string {
  return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
}
