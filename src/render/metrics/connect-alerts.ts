/** What workers of Kafka Connect tell that somebody should know. */
import { inCluster, type Alert } from "./alert.ts";
import { has, type MetricsScope } from "./scope.ts";

export function connectAlerts(scope: MetricsScope): readonly Alert[] {
  if (!has(scope, "connect")) return [];
  return [
    {
      alert: "ConnectWorkerDown",
      expr: `up${inCluster(scope, 'role="connect"')} == 0`,
      for: "1m",
      severity: "warning",
      summary: "The Connect worker {{ $labels.id }} on {{ $labels.node }} does not answer",
      description:
        "Its tasks went to the other workers, if there are any. `kctl logs {{ $labels.node }}` says why it does not run; `kctl up` starts it again.",
    },
    {
      alert: "ConnectorTaskFailed",
      expr: `sum by (connector) (kafka_connect_connector_tasks${inCluster(scope, 'state="failed"')}) > 0`,
      for: "1m",
      severity: "critical",
      summary: "{{ $value }} tasks of the connector {{ $labels.connector }} failed",
      description:
        "They do not start again by themselves. `kctl connectors status {{ $labels.connector }}` shows the error; mend it, then `kctl connectors restart {{ $labels.connector }}`.",
    },
    {
      alert: "ConnectorStartFailed",
      // Kafka counts no task among the failed that did not even start.
      expr: ["connector", "task"]
        .map((what) => `increase(kafka_connect_worker_${what}_startup_failures_total${inCluster(scope)}[15m]) > 0`)
        .join(" or "),
      for: "0s",
      severity: "critical",
      summary: "A connector or one of its tasks did not start on {{ $labels.node }}",
      description:
        "`kctl connectors status` says which and why: a setting that the class does not take, a class that a worker lacks. Mend it, then `kctl connectors restart NAME`.",
    },
    {
      alert: "ConnectorRecordsFail",
      expr: `sum by (connector) (rate(kafka_connect_task_record_failures_total${inCluster(scope)}[5m])) > 0`,
      for: "5m",
      severity: "warning",
      summary: "Records fail in the connector {{ $labels.connector }}",
      description:
        "Converters or transformations do not take them. `kctl logs` of the workers' nodes shows why, and `errors.tolerance` of the connector what becomes of them.",
    },
  ];
}
