/** prometheus.yml: a job for each role, each server a target with what it is as labels. */
import { stringify } from "yaml";
import type { MetricsScope, MetricsTarget } from "./scope.ts";

const roles: readonly MetricsTarget["role"][] = ["zookeeper", "controller", "broker", "connect"];

export function prometheusYaml({ cluster, targets }: MetricsScope): string {
  const jobs = roles.flatMap((role) => {
    const its = targets.filter((target) => target.role === role);
    if (its.length === 0) return [];
    const configs = its.map(({ node, id, address }) => ({
      targets: [address],
      labels: { cluster, node, role, id: String(id) },
    }));
    return [{ job_name: `${cluster}-${role}`, static_configs: configs }];
  });
  const content = {
    global: { scrape_interval: "15s", evaluation_interval: "15s" },
    rule_files: ["alerts.yml"],
    scrape_configs: jobs,
  };
  return [
    `# Prometheus for the cluster ${cluster}, written by \`kctl metrics\`. For a Prometheus that is there already, take the jobs below`,
    "# scrape_configs, and alerts.yml beside it.",
    stringify(content, { lineWidth: 0 }),
  ].join("\n");
}
