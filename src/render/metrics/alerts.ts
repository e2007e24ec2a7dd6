/** alerts.yml: what somebody should be told of a cluster, and what to do then. */
import { stringify } from "yaml";
import type { Alert } from "./alert.ts";
import { brokerAlerts } from "./broker-alerts.ts";
import { connectAlerts } from "./connect-alerts.ts";
import { jvmAlerts } from "./jvm-alerts.ts";
import { keeperAlerts } from "./keeper-alerts.ts";
import type { MetricsScope } from "./scope.ts";

function alertsOf(scope: MetricsScope): readonly { readonly name: string; readonly alerts: readonly Alert[] }[] {
  return [
    { name: "brokers", alerts: brokerAlerts(scope) },
    { name: scope.quorum === "kraft" ? "controllers" : "zookeeper", alerts: keeperAlerts(scope) },
    { name: "connect", alerts: connectAlerts(scope) },
    { name: "jvm", alerts: jvmAlerts(scope) },
  ].filter(({ alerts }) => alerts.length > 0);
}

export function alertsYaml(scope: MetricsScope): string {
  const { cluster } = scope;
  const groups = alertsOf(scope).map(({ name, alerts }) => ({
    name: `${cluster}-${name}`,
    rules: alerts.map(({ alert, expr, for: during, severity, summary, description }) => ({
      alert,
      expr,
      for: during,
      labels: { severity, cluster },
      annotations: { summary, description },
    })),
  }));
  return [
    `# Alert rules for the cluster ${cluster}, written by \`kctl metrics\`.`,
    stringify({ groups }, { lineWidth: 0 }),
  ].join("\n");
}
