/** What the dashboard shows of those that keep the cluster's metadata. */
import { graph, query, stat, type Row } from "./panels.ts";
import type { MetricsScope } from "./scope.ts";

const all = 'cluster="$cluster"';
const on = `${all},node=~"$node"`;
const server = "{{node}} {{id}}";

export function keeperRow({ quorum }: MetricsScope): Row {
  return quorum === "kraft" ? controllers : zookeeper;
}

const controllers: Row = {
  title: "Controllers",
  panels: [
    stat("Leader of the quorum", 4, `max(kafka_raft_leader{${all},role="controller"})`, { badBelow: 0 }),
    stat("Voters", 4, `max(kafka_raft_voters{${all},role="controller"})`),
    stat("Topics", 4, `max(kafka_controller_topics{${all}})`),
    stat("Partitions", 4, `max(kafka_controller_partitions{${all}})`),
    stat("Fenced brokers", 4, `max(kafka_controller_fenced_brokers{${all}})`, { warnFrom: 1 }),
    stat("Errors in the metadata", 4, `sum(kafka_controller_metadata_errors{${all}})`, { badFrom: 1 }),
    graph(
      "How far controllers and brokers are behind",
      6,
      "s",
      query(`kafka_controller_lag_seconds{${on}}`, `controller ${server}`),
      query(`kafka_broker_metadata_lag_seconds{${on}}`, `broker ${server}`),
    ),
    graph(
      "Records of the metadata",
      6,
      "ops",
      query(`rate(kafka_raft_log_end_offset{${on},role="controller"}[$__rate_interval])`, server),
    ),
    graph(
      "Until a majority has a record",
      6,
      "s",
      query(`kafka_raft_commit_latency_seconds{${on},role="controller"}`, server),
    ),
    graph("Brokers that take part", 6, "short", query(`max(kafka_controller_active_brokers{${all}})`, "brokers")),
  ],
};

const zookeeper: Row = {
  title: "ZooKeeper and the controller",
  panels: [
    stat("ZooKeeper leaders", 4, `sum(zookeeper_server{${all},mode=~"leader|standalone"})`, {
      badBelow: 1,
      badFrom: 2,
    }),
    stat("Servers that take part", 4, `sum(zookeeper_server{${all}})`),
    stat("Topics", 4, `max(kafka_controller_topics{${all}})`),
    stat("Partitions", 4, `max(kafka_controller_partitions{${all}})`),
    stat("Znodes", 4, `max(zookeeper_znodes{${all}})`),
    stat("Sessions that ran out, 1 h", 4, `sum(increase(kafka_broker_zookeeper_expires_total{${all}}[1h]))`, {
      warnFrom: 1,
    }),
    graph("Requests", 6, "ops", query(`rate(zookeeper_packets_received_total{${on}}[$__rate_interval])`, server)),
    graph("Requests that wait", 6, "short", query(`zookeeper_outstanding_requests{${on}}`, server)),
    graph("Connections", 6, "short", query(`zookeeper_connections{${on}}`, server)),
    graph(
      "Elections of leaders",
      6,
      "ops",
      query(`sum(rate(kafka_controller_leader_elections_total{${all}}[$__rate_interval]))`, "elections"),
    ),
  ],
};
