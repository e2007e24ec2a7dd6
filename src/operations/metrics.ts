/** What Prometheus and Grafana need for the cluster: scrape file, alert rules, dashboard. Nothing is changed. */
import { isKnown } from "../cluster/known-after-up.ts";
import { noKnownIds } from "../cluster/known-ids.ts";
import type { Member } from "../cluster/cluster.ts";
import { namesOfNodes, resolveCluster } from "../cluster/resolve.ts";
import { KctlError } from "../fault.ts";
import { knownIdsOf, parseReceipt } from "../plan/receipt.ts";
import { alertsYaml } from "../render/metrics/alerts.ts";
import { dashboardJson } from "../render/metrics/dashboard.ts";
import { prometheusYaml } from "../render/metrics/prometheus.ts";
import type { MetricsTarget } from "../render/metrics/scope.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";

export type MetricsFiles = {
  readonly cluster: string;
  readonly files: readonly { readonly path: string; readonly content: string }[];
};

export async function metrics(context: Context): Promise<MetricsFiles> {
  const { spec, provider } = await openCluster(context);
  if (spec.metrics === undefined)
    throw new KctlError({
      code: "usage",
      where: "metrics",
      what: `the servers of ${spec.name} tell no metrics`,
      fix: "add the line `metrics: true` to the spec, then run `kctl up`",
    });
  const text = await provider.readReceipt();
  const ids = text === null ? (provider.fleet?.ids() ?? noKnownIds) : knownIdsOf(parseReceipt(text));
  const { name: cluster, quorum, members } = resolveCluster(spec, provider.platform, ids);
  const inside = new Map(namesOfNodes(spec, provider.platform).map((one) => [one.node, one.inside]));
  // Prometheus is a neighbour: metrics are told in the clear.
  const targets = members.flatMap((member) =>
    targetOf({ ...member, address: inside.get(member.node) ?? member.address }),
  );
  if (!targets.every(({ address }) => isKnown(address)))
    throw new KctlError({
      code: "no-cluster",
      what: `there are not all machines of ${cluster} yet, so nobody knows their addresses`,
      fix: "bring it up first: `kctl up`",
    });
  const scope = { cluster, quorum, targets };
  return {
    cluster,
    files: [
      { path: "prometheus.yml", content: prometheusYaml(scope) },
      { path: "alerts.yml", content: alertsYaml(scope) },
      { path: "dashboard.json", content: dashboardJson(scope) },
    ],
  };
}

function targetOf({ role, node, id, address, ports }: Member): readonly MetricsTarget[] {
  const port = ports["metrics"];
  if (port === undefined || role === "burrow") return [];
  return [{ role, node, id, address: `${address.includes(":") ? `[${address}]` : address}:${port}` }];
}
