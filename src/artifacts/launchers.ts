/** The tools that an archive made from Maven's jars gets in bin/: name, main class, and the memory that it asks for. */

export type LoggingFile = "tools" | "server" | "connect";

export type Launcher = {
  readonly name: string;
  /** In order: a class has moved between versions of Kafka, and the first that the jars have is taken. */
  readonly mainClasses: readonly string[];
  readonly heap: string;
  /** `tool` starts fast; `server` keeps up a load. */
  readonly profile: "tool" | "server";
  /** Which of the logging files of config/ says what it logs. */
  readonly logging: LoggingFile;
  /** Arguments that stand before the user's. */
  readonly before: string;
};

const tools = "org.apache.kafka.tools";

function tool(name: string, ...mainClasses: string[]): Launcher {
  return { name, mainClasses, heap: "-Xmx256M", profile: "tool", logging: "tools", before: "" };
}

function client(name: string, ...mainClasses: string[]): Launcher {
  return { ...tool(name, ...mainClasses), heap: "-Xmx512M", profile: "server" };
}

function server(name: string, mainClass: string, heap: string, logging: LoggingFile = "server"): Launcher {
  return { name, mainClasses: [mainClass], heap, profile: "server", logging, before: "" };
}

export const kafkaLaunchers: readonly Launcher[] = [
  tool("connect-plugin-path.sh", `${tools}.ConnectPluginPath`),
  tool("kafka-acls.sh", "kafka.admin.AclCommand", `${tools}.AclCommand`),
  tool("kafka-broker-api-versions.sh", "kafka.admin.BrokerApiVersionsCommand", `${tools}.BrokerApiVersionsCommand`),
  tool("kafka-client-metrics.sh", `${tools}.ClientMetricsCommand`),
  tool("kafka-cluster.sh", `${tools}.ClusterTool`, "kafka.tools.ClusterTool"),
  tool("kafka-configs.sh", "kafka.admin.ConfigCommand"),
  client("kafka-console-consumer.sh", `${tools}.consumer.ConsoleConsumer`, "kafka.tools.ConsoleConsumer"),
  client("kafka-console-producer.sh", `${tools}.ConsoleProducer`, "kafka.tools.ConsoleProducer"),
  tool("kafka-consumer-groups.sh", `${tools}.consumer.group.ConsumerGroupCommand`, "kafka.admin.ConsumerGroupCommand"),
  client("kafka-consumer-perf-test.sh", `${tools}.ConsumerPerformance`),
  tool("kafka-delegation-tokens.sh", `${tools}.DelegationTokenCommand`, "kafka.admin.DelegationTokenCommand"),
  tool("kafka-delete-records.sh", `${tools}.DeleteRecordsCommand`, "kafka.admin.DeleteRecordsCommand"),
  tool("kafka-dump-log.sh", "kafka.tools.DumpLogSegments", `${tools}.DumpLogSegments`),
  client("kafka-e2e-latency.sh", `${tools}.EndToEndLatency`),
  tool("kafka-features.sh", `${tools}.FeatureCommand`, "kafka.admin.FeatureCommand"),
  tool("kafka-get-offsets.sh", `${tools}.GetOffsetShell`, "kafka.tools.GetOffsetShell"),
  tool("kafka-jmx.sh", `${tools}.JmxTool`),
  tool("kafka-leader-election.sh", `${tools}.LeaderElectionCommand`, "kafka.admin.LeaderElectionCommand"),
  tool("kafka-log-dirs.sh", `${tools}.LogDirsCommand`, "kafka.admin.LogDirsCommand"),
  tool("kafka-metadata-quorum.sh", `${tools}.MetadataQuorumCommand`, "kafka.admin.MetadataQuorumCommand"),
  client("kafka-producer-perf-test.sh", `${tools}.ProducerPerformance`),
  tool(
    "kafka-reassign-partitions.sh",
    `${tools}.reassign.ReassignPartitionsCommand`,
    "kafka.admin.ReassignPartitionsCommand",
  ),
  tool("kafka-replica-verification.sh", `${tools}.ReplicaVerificationTool`, "kafka.tools.ReplicaVerificationTool"),
  tool("kafka-storage.sh", "kafka.tools.StorageTool"),
  tool("kafka-streams-application-reset.sh", `${tools}.StreamsResetter`, "kafka.tools.StreamsResetter"),
  tool("kafka-topics.sh", `${tools}.TopicCommand`, "kafka.admin.TopicCommand"),
  tool("kafka-transactions.sh", `${tools}.TransactionsCommand`),
  client("kafka-verifiable-consumer.sh", `${tools}.VerifiableConsumer`),
  client("kafka-verifiable-producer.sh", `${tools}.VerifiableProducer`),
  {
    ...tool("zookeeper-shell.sh", "org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka"),
    before: "-server",
  },
  server("kafka-server-start.sh", "kafka.Kafka", "-Xmx1G -Xms1G"),
  server("zookeeper-server-start.sh", "org.apache.zookeeper.server.quorum.QuorumPeerMain", "-Xmx512M -Xms512M"),
  server("connect-distributed.sh", "org.apache.kafka.connect.cli.ConnectDistributed", "-Xms256M -Xmx2G", "connect"),
  server("connect-standalone.sh", "org.apache.kafka.connect.cli.ConnectStandalone", "-Xms256M -Xmx2G", "connect"),
];
