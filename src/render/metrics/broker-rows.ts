/** What the dashboard shows of brokers: what goes through, how long it takes, where it lies. */
import { graph, query, type Panel, type Row } from "./panels.ts";

/** Controllers of KRaft tell some of the same names. */
const on = 'cluster="$cluster",node=~"$node",role="broker"';
const broker = "{{node}} {{id}}";

function rate(metric: string, by = "node, id", labels = ""): string {
  return `sum by (${by}) (rate(${metric}{${on}${labels}}[$__rate_interval]))`;
}

const throughput: Row = {
  title: "Throughput",
  panels: [
    graph("Records written", 8, "ops", query(rate("kafka_broker_messages_in_total"), broker)),
    graph("Bytes written", 8, "Bps", query(rate("kafka_broker_bytes_in_total"), broker)),
    graph("Bytes read by consumers", 8, "Bps", query(rate("kafka_broker_bytes_out_total"), broker)),
    graph(
      "Topics with the most bytes written",
      8,
      "Bps",
      query(`topk(10, ${rate("kafka_topic_bytes_in_total", "topic")})`, "{{topic}}"),
    ),
    graph(
      "Topics with the most bytes read",
      8,
      "Bps",
      query(`topk(10, ${rate("kafka_topic_bytes_out_total", "topic")})`, "{{topic}}"),
    ),
    graph(
      "Bytes copied between brokers",
      8,
      "Bps",
      query(rate("kafka_broker_replication_bytes_in_total"), `in ${broker}`),
      query(rate("kafka_broker_replication_bytes_out_total"), `out ${broker}`),
    ),
    graph("Requests", 8, "reqps", query(rate("kafka_broker_requests_total", "request"), "{{request}}")),
    graph(
      "Requests that failed",
      8,
      "reqps",
      query(rate("kafka_broker_failed_produce_requests_total"), `write ${broker}`),
      query(rate("kafka_broker_failed_fetch_requests_total"), `read ${broker}`),
    ),
    graph("Connections", 8, "short", query(`sum by (node, id) (kafka_broker_connections{${on}})`, broker)),
  ],
};

function phases(request: string, title: string): Panel {
  const expr = `max by (phase) (kafka_broker_request_phase_seconds{${on},request="${request}"})`;
  return {
    ...graph(title, 8, "s", query(expr, "{{phase}}")),
    about: "The 99th percentile of each phase, of the slowest broker.",
    stacked: true,
  };
}

const latency: Row = {
  title: "Request latency",
  panels: [
    ...["Produce", "FetchConsumer", "FetchFollower"].map((request) =>
      graph(
        `${request}: median and 99th percentile`,
        8,
        "s",
        query(
          `max by (node, id, quantile) (kafka_broker_request_seconds{${on},request="${request}"})`,
          `${broker} {{quantile}}`,
        ),
      ),
    ),
    phases("Produce", "Where Produce spends its time"),
    phases("FetchConsumer", "Where FetchConsumer spends its time"),
    {
      ...graph(
        "Idle threads",
        8,
        "percentunit",
        query(`kafka_broker_request_handlers_idle_ratio{${on}}`, `requests ${broker}`),
        query(`kafka_broker_network_threads_idle_ratio{${on}}`, `network ${broker}`),
      ),
      about: "Near 0, requests wait.",
      max: 1,
    },
    graph("Requests that wait for a thread", 8, "short", query(`kafka_broker_request_queue_size{${on}}`, broker)),
    {
      ...graph(
        "Requests that wait for replicas or records",
        8,
        "short",
        query(`sum by (node, id, request) (kafka_broker_waiting_requests{${on}})`, `{{request}} ${broker}`),
      ),
      about: "Consumers that wait for records are normal.",
    },
    graph("Forcing logs to disk, 99th percentile", 8, "s", query(`kafka_broker_log_flush_seconds{${on}}`, broker)),
  ],
};

const partitions: Row = {
  title: "Partitions and replicas",
  panels: [
    graph("Leaders", 8, "short", query(`kafka_broker_leaders{${on}}`, broker)),
    graph("Replicas", 8, "short", query(`kafka_broker_partitions{${on}}`, broker)),
    graph(
      "Not led by their preferred replica",
      8,
      "short",
      query('max(kafka_controller_preferred_replica_imbalance{cluster="$cluster"})', "partitions"),
    ),
    graph(
      "Under-replicated partitions",
      8,
      "short",
      query(`kafka_broker_under_replicated_partitions{${on}}`, broker),
      query(`kafka_broker_under_min_isr_partitions{${on}}`, `under min.insync.replicas ${broker}`),
    ),
    graph(
      "Replicas that fall out of sync and come back",
      8,
      "ops",
      query(rate("kafka_broker_isr_shrinks_total"), `out ${broker}`),
      query(rate("kafka_broker_isr_expands_total"), `back ${broker}`),
    ),
    graph(
      "Records that the slowest replica has still to copy",
      8,
      "short",
      query(`kafka_broker_replica_max_lag{${on}}`, broker),
    ),
  ],
};

export const brokerRows: readonly Row[] = [throughput, latency, partitions];
