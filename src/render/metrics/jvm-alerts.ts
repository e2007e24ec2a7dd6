/** What every JVM tells of itself that somebody should know. */
import { inCluster, type Alert } from "./alert.ts";
import type { MetricsScope } from "./scope.ts";

const who = "{{ $labels.role }} {{ $labels.id }} on {{ $labels.node }}";

export function jvmAlerts(scope: MetricsScope): readonly Alert[] {
  const all = inCluster(scope);
  return [
    {
      alert: "GarbageCollection",
      expr: `sum by (cluster, node, role, id) (rate(jvm_gc_collection_seconds_sum${all}[5m])) > 0.2`,
      for: "10m",
      severity: "warning",
      summary: `${who} spends {{ $value | humanizePercentage }} of its time on collecting garbage`,
      description: "Its heap is too small for its load: raise `heap` of its section in the spec, then `kctl up`.",
    },
    {
      alert: "OpenFiles",
      expr: `process_open_fds${all} / process_max_fds${all} > 0.8`,
      for: "5m",
      severity: "warning",
      summary: `${who} has {{ $value | humanizePercentage }} of the files open that it may`,
      description:
        "At the end of them it cannot open logs nor take connections. See whether clients leave connections open; have fewer partitions, or raise the limit.",
    },
    {
      alert: "MetricsIncomplete",
      expr: `jmx_scrape_error${all} > 0`,
      for: "5m",
      severity: "warning",
      summary: `The metrics of ${who} cannot be read`,
      description: "Other alerts of this server may stay silent. `kctl logs {{ $labels.node }}` says why.",
    },
  ];
}
