/** The Prometheus JMX exporter in a JVM: the port that it serves on, the agent that the JVM loads, and the rules that the agent reads. */
import type { Member } from "../cluster/cluster.ts";
import type { Spec } from "../spec/schema.ts";
import type { DesiredFile } from "./desired.ts";
import type { ServiceContext, TemplateName } from "./service.ts";

/** Where a service's JVM tells its metrics: nowhere unless the spec wants them. */
export function metricsPort(
  { metrics }: Pick<Spec, "metrics">,
  port: number,
): { readonly metrics: number } | Record<string, never> {
  return metrics === undefined ? {} : { metrics: port };
}

/** The same for every version: it stands in the servers' command lines. */
export const agentJar = "jmx_prometheus_javaagent.jar";

export type MetricsAgent = { readonly flag: string; readonly rules: DesiredFile };

/** null: the spec wants no metrics. */
export function metricsAgent(
  { key, bind, ports, folders }: Member,
  rules: TemplateName,
  { cluster, software, templates }: ServiceContext,
): MetricsAgent | null {
  const port = ports["metrics"];
  if (cluster.exporter === null || port === undefined) return null;
  const path = `${folders.config}/metrics.yaml`;
  const at = bind === "" ? `${port}` : `${bind}:${port}`;
  return {
    flag: `-javaagent:${software(cluster.exporter)}/agent/${agentJar}=${at}:${path}`,
    // The exporter sees by itself that its rules have changed: that needs no restart.
    rules: { path, mode: 0o640, content: templates[rules], readAtStart: "", member: key },
  };
}
