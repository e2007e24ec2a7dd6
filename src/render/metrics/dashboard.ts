/** dashboard.json: one page of Grafana for the cluster, from what is urgent to what explains it. */
import { brokerRows } from "./broker-rows.ts";
import { keeperRow } from "./keeper-row.ts";
import { graph, laidOut, query, stat, type Row } from "./panels.ts";
import { has, overControllers, type MetricsScope } from "./scope.ts";

/** Of the cluster that is chosen above; of the nodes that are. */
const chosen = 'cluster="$cluster"';
const onNodes = `${chosen},node=~"$node"`;

export function dashboardJson(scope: MetricsScope): string {
  const { cluster } = scope;
  const rows = [
    healthRow(scope),
    ...brokerRows,
    keeperRow(scope),
    ...(has(scope, "connect") ? [connectRow] : []),
    jvmRow,
  ];
  const dashboard = {
    uid: `kctl-${cluster}`,
    title: `Kafka: ${cluster}`,
    description: "Written by kctl metrics.",
    tags: ["kafka", "kctl"],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    templating: { list: variables(cluster) },
    annotations: { list: [] },
    panels: laidOut(rows),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function variables(cluster: string): readonly object[] {
  const datasource = { type: "prometheus", uid: "${datasource}" };
  const clusters = 'label_values(up{role="broker"}, cluster)';
  const nodes = 'label_values(up{cluster="$cluster"}, node)';
  return [
    { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
    {
      name: "cluster",
      label: "Cluster",
      type: "query",
      datasource,
      definition: clusters,
      query: { query: clusters, refId: "cluster" },
      current: { selected: true, text: cluster, value: cluster },
      refresh: 2,
      sort: 1,
    },
    {
      name: "node",
      label: "Node",
      type: "query",
      datasource,
      definition: nodes,
      query: { query: nodes, refId: "node" },
      current: { selected: true, text: ["All"], value: ["$__all"] },
      includeAll: true,
      multi: true,
      allValue: ".*",
      refresh: 2,
      sort: 1,
    },
  ];
}

function healthRow(scope: MetricsScope): Row {
  const over = overControllers(scope);
  const brokers = scope.targets.filter(({ role }) => role === "broker").length;
  return {
    title: "Health",
    panels: [
      stat("Brokers up", 3, `sum(up{${chosen},role="broker"})`, { badBelow: brokers }),
      stat("Active controllers", 3, `sum(kafka_controller_active{${chosen}})`, { badBelow: 1, badFrom: 2 }),
      stat("Offline partitions", 3, `max(kafka_controller_offline_partitions{${chosen}})`, { badFrom: 1 }),
      stat("Under min.insync.replicas", 3, `sum(kafka_broker_under_min_isr_partitions{${chosen}})`, { badFrom: 1 }),
      stat("Under-replicated", 3, `sum(kafka_broker_under_replicated_partitions{${chosen}})`, { warnFrom: 1 }),
      stat(
        "Unclean elections, 24 h",
        3,
        `${over}(increase(kafka_controller_unclean_elections_total{${chosen}}[24h]))`,
        {
          badFrom: 1,
        },
      ),
      stat("Failed data folders", 3, `sum(kafka_broker_offline_log_directories{${chosen}})`, { badFrom: 1 }),
      stat("Alerts", 3, `count(ALERTS{${chosen},alertstate="firing"}) or vector(0)`, { warnFrom: 1 }),
      {
        kind: "timeline",
        title: "Servers",
        width: 12,
        queries: [query(`up{${onNodes}}`, "{{node}} {{role}} {{id}}")],
      },
      {
        kind: "table",
        title: "Alerts that fire",
        width: 12,
        queries: [query(`ALERTS{${chosen},alertstate="firing"}`, "")],
      },
    ],
  };
}

const task = "{{connector}} {{task}}";

const connectRow: Row = {
  title: "Kafka Connect",
  panels: [
    stat("Connectors", 4, `sum(kafka_connect_worker_connectors{${chosen}})`),
    stat("Tasks", 4, `sum(kafka_connect_worker_tasks{${chosen}})`),
    stat("Failed tasks", 4, `sum(kafka_connect_connector_tasks{${chosen},state="failed"}) or vector(0)`, {
      badFrom: 1,
    }),
    stat(
      "Records that failed, 1 h",
      4,
      `sum(increase(kafka_connect_task_record_failures_total{${chosen}}[1h])) or vector(0)`,
      {
        warnFrom: 1,
      },
    ),
    stat("Starts that failed", 4, `sum(kafka_connect_worker_task_startup_failures_total{${chosen}})`, { warnFrom: 1 }),
    stat("Rebalances, 1 h", 4, `max(increase(kafka_connect_worker_rebalances_total{${chosen}}[1h]))`, { warnFrom: 10 }),
    graph(
      "Records of sources",
      8,
      "ops",
      query(
        `sum by (connector, task) (rate(kafka_connect_task_source_records_written_total{${onNodes}}[$__rate_interval]))`,
        task,
      ),
    ),
    graph(
      "Records of sinks",
      8,
      "ops",
      query(
        `sum by (connector, task) (rate(kafka_connect_task_sink_records_sent_total{${onNodes}}[$__rate_interval]))`,
        task,
      ),
    ),
    {
      ...graph(
        "Tasks by state",
        8,
        "short",
        query(`sum by (state) (kafka_connect_connector_tasks{${onNodes}})`, "{{state}}"),
      ),
      stacked: true,
    },
  ],
};

const server = "{{node}} {{role}} {{id}}";

const jvmRow: Row = {
  title: "JVM",
  panels: [
    graph("Heap used", 6, "bytes", query(`jvm_memory_used_bytes{${onNodes},area="heap"}`, server)),
    {
      ...graph(
        "Time spent on collecting garbage",
        6,
        "percentunit",
        query(`sum by (node, role, id) (rate(jvm_gc_collection_seconds_sum{${onNodes}}[$__rate_interval]))`, server),
      ),
    },
    graph(
      "Processors used",
      6,
      "short",
      query(`rate(process_cpu_seconds_total{${onNodes}}[$__rate_interval])`, server),
    ),
    graph("Open files", 6, "short", query(`process_open_fds{${onNodes}}`, server)),
  ],
};
