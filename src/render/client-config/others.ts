/** For clients that do not run on a JVM, and for programs that are configured by their environment. */
import { because, heading, versionOf, type Client } from "./client.ts";

export function nodeModule(client: Client): string {
  const servers = client.bootstrap.map((server) => JSON.stringify(server)).join(", ");
  return lines([
    ...heading(client, "node").map((line) => `// ${line}`),
    `// npm install @platformatic/kafka@${versionOf("node", client)}`,
    'import { compatibilityPartitioner, ProduceAcks, stringDeserializers, stringSerializers } from "@platformatic/kafka";',
    "",
    `const bootstrapBrokers = [${servers}];`,
    "",
    "/** Records without a key go round the partitions. */",
    "let turn = 0;",
    "",
    `/** new Producer(producer). ${because.acks} */`,
    "export const producer = {",
    '  clientId: "producer",',
    "  bootstrapBrokers,",
    "  serializers: stringSerializers,",
    "  acks: ProduceAcks.ALL,",
    "  idempotent: true,",
    "  // A key goes to the partition that Java's clients put it in; the library's own default is another.",
    "  partitioner: (message, key) => (key ? compatibilityPartitioner(message, key) : turn++),",
    "};",
    "",
    `/** new Consumer(consumer). ${because.group} */`,
    "export const consumer = {",
    '  clientId: "consumer",',
    "  bootstrapBrokers,",
    `  groupId: ${JSON.stringify(client.group)},`,
    "  deserializers: stringDeserializers,",
    "};",
    "",
    "/** consume({ topics: [...], ...reading }) */",
    "export const reading = {",
    `  // ${because.reset}`,
    '  mode: "committed",',
    '  fallbackMode: "earliest",',
    `  // ${because.commit}`,
    "  autocommit: false,",
    "};",
  ]);
}

export function pythonModule(client: Client): string {
  return lines([
    ...heading(client, "python").map((line) => `# ${line}`),
    `# pip install kafka-python==${versionOf("python", client)}`,
    `BOOTSTRAP_SERVERS = [${client.bootstrap.map((server) => JSON.stringify(server)).join(", ")}]`,
    "",
    "# KafkaProducer(**PRODUCER)",
    "PRODUCER = {",
    '    "bootstrap_servers": BOOTSTRAP_SERVERS,',
    '    "security_protocol": "PLAINTEXT",',
    `    # ${because.acks}`,
    '    "acks": "all",',
    '    "enable_idempotence": True,',
    '    "key_serializer": lambda key: None if key is None else key.encode("utf-8"),',
    '    "value_serializer": lambda value: value.encode("utf-8"),',
    "}",
    "",
    '# KafkaConsumer("topic", **CONSUMER)',
    "CONSUMER = {",
    '    "bootstrap_servers": BOOTSTRAP_SERVERS,',
    '    "security_protocol": "PLAINTEXT",',
    `    # ${because.group}`,
    `    "group_id": ${JSON.stringify(client.group)},`,
    `    # ${because.reset}`,
    '    "auto_offset_reset": "earliest",',
    `    # ${because.commit}`,
    '    "enable_auto_commit": False,',
    '    "key_deserializer": lambda key: None if key is None else key.decode("utf-8"),',
    '    "value_deserializer": lambda value: None if value is None else value.decode("utf-8"),',
    "}",
  ]);
}

export function librdkafkaFile(client: Client): string {
  return lines([
    ...heading(client, "librdkafka").map((line) => `# ${line}`),
    "# kcat -F FILE -P -t TOPIC, kcat -F FILE -C -t TOPIC; of what is not for the one in hand it says that it takes no notice.",
    `bootstrap.servers=${client.bootstrap.join(",")}`,
    "security.protocol=plaintext",
    "",
    `# Producers. ${because.acks}`,
    "acks=all",
    "enable.idempotence=true",
    "# A key goes to the partition that Java's clients put it in; librdkafka's own default is another.",
    "partitioner=murmur2_random",
    "",
    `# Consumers. ${because.group}`,
    `group.id=${client.group}`,
    `# ${because.reset}`,
    "auto.offset.reset=earliest",
    `# ${because.commit}`,
    "enable.auto.commit=false",
  ]);
}

/** For `docker run --env-file` and systemd's EnvironmentFile as they are, so without quotes. */
export function envFile(client: Client): string {
  return lines([
    ...heading(client, "java").map((line) => `# ${line}`),
    `KAFKA_BOOTSTRAP_SERVERS=${client.bootstrap.join(",")}`,
    "KAFKA_SECURITY_PROTOCOL=PLAINTEXT",
    `# Producers. ${because.acks}`,
    "KAFKA_ACKS=all",
    "KAFKA_ENABLE_IDEMPOTENCE=true",
    `# Consumers. ${because.group}`,
    `KAFKA_GROUP_ID=${client.group}`,
    `# ${because.reset}`,
    "KAFKA_AUTO_OFFSET_RESET=earliest",
    `# ${because.commit}`,
    "KAFKA_ENABLE_AUTO_COMMIT=false",
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
