/** A client's settings in each of the forms that somebody may want them in: text from data. */
import type { Client, ClientFormat } from "./client.ts";
import { gradleBuild, javaClass, mavenDependency, propertiesFile, springYaml } from "./jvm.ts";
import { envFile, librdkafkaFile, nodeModule, pythonModule } from "./others.ts";

const renderers: Readonly<Record<ClientFormat, (client: Client) => string>> = {
  properties: propertiesFile,
  java: javaClass,
  gradle: gradleBuild,
  maven: mavenDependency,
  spring: springYaml,
  node: nodeModule,
  python: pythonModule,
  librdkafka: librdkafkaFile,
  env: envFile,
};

export function renderClient(format: ClientFormat, client: Client): string {
  return renderers[format](client);
}
