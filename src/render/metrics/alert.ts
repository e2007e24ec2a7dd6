/** One alert rule, and how it names the series of its cluster. */
import type { MetricsScope } from "./scope.ts";

export type Alert = {
  readonly alert: string;
  readonly expr: string;
  /** How long it must be so. */
  readonly for: string;
  readonly severity: "critical" | "warning";
  readonly summary: string;
  /** What it means, and what to do. */
  readonly description: string;
};

/** The labels of every series of the cluster: alerts of several clusters may lie in one Prometheus. */
export function inCluster({ cluster }: MetricsScope, ...more: readonly string[]): string {
  return `{${[`cluster="${cluster}"`, ...more].join(",")}}`;
}
