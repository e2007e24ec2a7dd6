/** For clients in Java, and in what else runs on a JVM. */
import { propertyValue } from "../properties.ts";
import { because, heading, versionOf, type Client } from "./client.ts";

const serializer = "org.apache.kafka.common.serialization.StringSerializer";
const deserializer = "org.apache.kafka.common.serialization.StringDeserializer";

export function propertiesFile(client: Client): string {
  return lines([
    ...heading(client, "java").map((line) => `# ${line}`),
    `bootstrap.servers=${propertyValue(client.bootstrap.join(","))}`,
    "security.protocol=PLAINTEXT",
    "",
    `# Producers. ${because.acks}`,
    "acks=all",
    "enable.idempotence=true",
    `key.serializer=${serializer}`,
    `value.serializer=${serializer}`,
    "",
    `# Consumers. ${because.group}`,
    `group.id=${propertyValue(client.group)}`,
    `key.deserializer=${deserializer}`,
    `value.deserializer=${deserializer}`,
    `# ${because.reset}`,
    "auto.offset.reset=earliest",
    `# ${because.commit}`,
    "enable.auto.commit=false",
  ]);
}

export function javaClass(client: Client): string {
  return lines([
    ...heading(client, "java").map((line) => `// ${line}`),
    "import java.util.Properties;",
    "import org.apache.kafka.clients.CommonClientConfigs;",
    "import org.apache.kafka.clients.consumer.ConsumerConfig;",
    "import org.apache.kafka.clients.producer.ProducerConfig;",
    "import org.apache.kafka.common.serialization.StringDeserializer;",
    "import org.apache.kafka.common.serialization.StringSerializer;",
    "",
    "/** new KafkaProducer<String, String>(KafkaSettings.producer()), new KafkaConsumer<String, String>(KafkaSettings.consumer()) */",
    "public final class KafkaSettings {",
    "  private KafkaSettings() {}",
    "",
    `  /** ${because.acks} */`,
    "  public static Properties producer() {",
    "    Properties settings = common();",
    '    settings.put(ProducerConfig.ACKS_CONFIG, "all");',
    "    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);",
    "    settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);",
    "    settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, StringSerializer.class);",
    "    return settings;",
    "  }",
    "",
    `  /** ${because.group} */`,
    "  public static Properties consumer() {",
    "    Properties settings = common();",
    `    settings.put(ConsumerConfig.GROUP_ID_CONFIG, ${JSON.stringify(client.group)});`,
    "    settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);",
    "    settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);",
    `    // ${because.reset}`,
    '    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");',
    `    // ${because.commit}`,
    "    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);",
    "    return settings;",
    "  }",
    "",
    "  private static Properties common() {",
    "    Properties settings = new Properties();",
    `    settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, ${JSON.stringify(client.bootstrap.join(","))});`,
    '    settings.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "PLAINTEXT");',
    "    return settings;",
    "  }",
    "}",
  ]);
}

export function gradleBuild(client: Client): string {
  return lines([
    ...heading(client, "java").map((line) => `// ${line}`),
    "dependencies {",
    `    implementation "org.apache.kafka:kafka-clients:${versionOf("java", client)}"`,
    "}",
  ]);
}

export function mavenDependency(client: Client): string {
  return lines([
    // A comment of XML cannot have two dashes, which a cluster's name can.
    ...heading(client, "java").map((line) => `<!-- ${line.replaceAll(/-(?=-)/g, "- ")} -->`),
    "<dependency>",
    "  <groupId>org.apache.kafka</groupId>",
    "  <artifactId>kafka-clients</artifactId>",
    `  <version>${versionOf("java", client)}</version>`,
    "</dependency>",
  ]);
}

export function springYaml(client: Client): string {
  return lines([
    ...heading(client, "java").map((line) => `# ${line}`),
    `# Spring Boot brings a version of its own; the build's property kafka.version sets it: ${versionOf("java", client)}.`,
    "spring:",
    "  kafka:",
    "    bootstrap-servers:",
    ...client.bootstrap.map((server) => `      - ${JSON.stringify(server)}`),
    "    security:",
    "      protocol: PLAINTEXT",
    "    producer:",
    `      # ${because.acks}`,
    "      acks: all",
    `      key-serializer: ${serializer}`,
    `      value-serializer: ${serializer}`,
    "      properties:",
    "        enable.idempotence: true",
    "    consumer:",
    `      # ${because.group}`,
    `      group-id: ${JSON.stringify(client.group)}`,
    `      key-deserializer: ${deserializer}`,
    `      value-deserializer: ${deserializer}`,
    `      # ${because.reset}`,
    "      auto-offset-reset: earliest",
    `      # ${because.commit}`,
    "      enable-auto-commit: false",
    "    listener:",
    "      ack-mode: record",
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
