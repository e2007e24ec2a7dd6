/** The way in of what speaks with Kafka Connect: where its workers are reached from here. */
import { membersOf, type Cluster, type Member } from "../../cluster/cluster.ts";
import { KctlError } from "../../fault.ts";
import { workersAt, type ConnectorSeen, type Workers } from "../../kafka/connectors.ts";
import type { Context } from "../context.ts";
import { openCluster, type OpenCluster } from "../open-cluster.ts";
import { clusterThere } from "../open-kafka.ts";
import { waitUntil } from "../wait-until.ts";

export type OpenConnect = OpenCluster & { readonly cluster: Cluster; readonly workers: readonly Member[] };

export async function openConnect(context: Context): Promise<OpenConnect> {
  const open = await openCluster(context);
  const cluster = await clusterThere(open);
  const workers = membersOf(cluster, "connect");
  if (workers.length === 0)
    throw new KctlError({
      code: "usage",
      what: `${cluster.name} has no worker of Kafka Connect`,
      fix: "add `connect` to the `roles` of a node, then run `kctl up`",
    });
  return { ...open, cluster, workers };
}

export function workersOf({ workers }: OpenConnect, { signal }: Pick<Context, "signal">): Workers {
  return workersAt(
    workers.map(({ address, ports }) => ({ host: address, port: ports["rest"] ?? 0 })),
    signal,
  );
}

/** All that run, once the workers have shared them out. */
export async function seenConnectors(workers: Workers, context: Context): Promise<readonly ConnectorSeen[]> {
  let seen: readonly ConnectorSeen[] | null = null;
  await patiently("the workers to share out their tasks", context, async () => {
    seen = await workers.all();
    return seen !== null;
  });
  return seen ?? [];
}

/** Asks again as long as the workers share out their tasks anew. */
export async function patiently(what: string, context: Context, ask: () => Promise<boolean>): Promise<void> {
  const { emit, signal, timeoutSeconds } = context;
  if (await waitUntil(ask, { key: "connect", what, timeoutSeconds, emit, signal })) return;
  throw new KctlError({
    code: "timeout",
    what: `waited ${timeoutSeconds} s for ${what}`,
    fix: "see the workers' logs: `kctl logs --role connect`; give it longer with --timeout",
  });
}

/** Refuses names that are not there. */
export function mustBeConnectors(names: readonly string[], there: readonly string[], where: string): void {
  const unknown = names.find((name) => !there.includes(name));
  if (unknown === undefined) return;
  throw new KctlError({
    code: "usage",
    what: `there is no connector ${unknown} ${where}`,
    fix: there.length === 0 ? "there is none at all" : `there are ${there.join(", ")}`,
  });
}
