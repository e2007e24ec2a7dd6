/** What is there and how it is: machines, services, controller, brokers, partitions. Reads only. */
import { membersOf, type Cluster, type Role } from "../cluster/cluster.ts";
import { quorumView } from "../kafka/quorum.ts";
import type { ObservedHost } from "../plan/observed.ts";
import type { DesiredHost, DesiredProcess } from "../services/desired.ts";
import { clusterHealth, type Health } from "./cluster-health.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { deafAmong } from "./probe.ts";
import { serverJava, unknownJava } from "./server-java.ts";
import { survey } from "./survey.ts";

export type ServiceState = "running" | "stopped" | "failed" | "absent" | "unknown";

export type NodeStatus = {
  readonly name: string;
  readonly address: string;
  readonly roles: readonly Role[];
  readonly services: Readonly<Partial<Record<Role, ServiceState>>>;
  /** Where each of them is reached. */
  readonly addresses: Readonly<Partial<Record<Role, string>>>;
};
export type BrokerStatus = {
  readonly id: number;
  readonly node: string;
  readonly controller: boolean;
  readonly address: string;
};

/** Of a KRaft cluster, as its leader tells. */
export type QuorumStatus = {
  readonly leader: number;
  /** `lag`: how many records of the metadata log it has yet to fetch; null: it has fetched none from this leader. */
  readonly voters: readonly { readonly id: number; readonly node: string; readonly lag: number | null }[];
};

export type Status = {
  readonly cluster: string;
  readonly healthy: boolean;
  readonly nodes: readonly NodeStatus[];
  readonly brokers: readonly BrokerStatus[];
  /** KRaft: the active controller; absent in ZooKeeper clusters, whose controller is a broker. */
  readonly controller?: { readonly id: number; readonly node: string } | null;
  readonly quorum?: QuorumStatus | null;
  readonly partitions: Readonly<Record<"total" | "underReplicated" | "offline", number | null>>;
  readonly complaints: readonly string[];
};

export async function status(context: Context): Promise<Status> {
  const { spec, provider } = await openCluster(context);
  const seen = await survey(
    spec,
    provider,
    (receipt, cache) => serverJava(spec, receipt, cache, context).catch(() => unknownJava),
    context,
  );
  const { cluster, desired, observed } = seen;
  const [health, deaf, quorum] = await Promise.all([
    clusterHealth(cluster, context.signal, runningMembers(desired.hosts, observed.hosts)),
    deafServices(desired.hosts, observed.hosts, context.signal),
    cluster.quorum === "kraft" ? quorumStatus(cluster, context.signal) : null,
  ]);
  const nodes = cluster.nodes.map(({ name, address, roles }): NodeStatus => {
    const host = desired.hosts.find(({ node }) => node === name);
    const services = Object.fromEntries(
      (host?.processes ?? []).map((process) => [process.role, serviceState(process, observed.hosts[name])]),
    );
    const addresses = Object.fromEntries(
      (host?.processes ?? []).map(({ role, probe }) => [role, `${probe.address}:${probe.port}`]),
    );
    return { name, address, roles, services, addresses };
  });
  const down = nodes.flatMap(({ name, services }) =>
    Object.entries(services).flatMap(([role, state]) =>
      state === "running" ? [] : [`${role} on ${name} is ${state}`],
    ),
  );
  const allAre = (which: ServiceState): boolean =>
    nodes.every(({ services }) => Object.values(services).every((state) => state === which));
  const complaints = allAre("absent")
    ? [`there is no cluster ${cluster.name} here`]
    : allAre("stopped")
      ? [`${cluster.name} is stopped`]
      : [...down, ...deaf, ...health.complaints, ...notVoting(cluster, quorum)];
  return {
    cluster: cluster.name,
    healthy: complaints.length === 0,
    nodes,
    brokers: brokerStatus(health, cluster),
    ...(cluster.quorum === "kraft" ? { controller: controllerStatus(health, cluster), quorum } : {}),
    partitions: partitionCounts(health),
    complaints,
  };
}

function runningMembers(
  hosts: readonly DesiredHost[],
  observed: Readonly<Record<string, ObservedHost>>,
): ReadonlySet<string> {
  const keys = hosts.flatMap(({ node, processes }) => processes.map(({ key }) => ({ node, key })));
  return new Set(
    keys.filter(({ node, key }) => observed[node]?.processes[key]?.state === "running").map(({ key }) => key),
  );
}

function serviceState(process: DesiredProcess, host: ObservedHost | undefined): ServiceState {
  if (host === undefined) return "unknown";
  const seen = host.processes[process.key];
  if (seen?.state === "running") return "running";
  if (seen?.state === "dead") return "failed";
  const argsFile = process.mark.slice(1);
  return host.files[argsFile]?.kind === "file" ? "stopped" : "absent";
}

/** Processes that are there and do not serve. Brokers are asked by clusterHealth. */
async function deafServices(
  hosts: readonly DesiredHost[],
  observed: Readonly<Record<string, ObservedHost>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const running = hosts.flatMap(({ node, processes }) =>
    processes.filter(({ key }) => observed[node]?.processes[key]?.state === "running"),
  );
  return (await deafAmong(running, signal)).map(({ role, node }) => `${role} on ${node} runs but does not serve`);
}

async function quorumStatus(cluster: Cluster, signal: AbortSignal): Promise<QuorumStatus | null> {
  const members = membersOf(cluster, "controller");
  const view = await quorumView(
    members.map(({ address, ports }) => ({ host: address, port: ports["controller"] ?? 0 })),
    signal,
  );
  if (view === null) return null;
  const nodeOf = (id: number): string => members.find((member) => member.id === id)?.node ?? "unknown";
  return { leader: view.leaderId, voters: view.voters.map(({ id, lag }) => ({ id, node: nodeOf(id), lag })) };
}

function notVoting(cluster: Cluster, quorum: QuorumStatus | null): readonly string[] {
  if (quorum === null) return [];
  return membersOf(cluster, "controller")
    .filter(({ id }) => !quorum.voters.some((voter) => voter.id === id))
    .map(({ id, node }) => `controller ${id} on ${node} has no vote in the quorum`);
}

function controllerStatus({ controllerId }: Health, cluster: Cluster): NonNullable<Status["controller"]> | null {
  const member = membersOf(cluster, "controller").find(({ id }) => id === controllerId);
  return member === undefined ? null : { id: member.id, node: member.node };
}

function brokerStatus(
  { view, controllerId }: Health,
  cluster: Parameters<typeof membersOf>[0],
): readonly BrokerStatus[] {
  if (view === null) return [];
  const members = membersOf(cluster, "broker");
  return view.brokers
    .map(({ id, host, port }) => ({
      id,
      node: members.find((member) => member.id === id)?.node ?? "unknown",
      controller: id === controllerId,
      address: `${host}:${port}`,
    }))
    .toSorted((a, b) => a.id - b.id);
}

function partitionCounts({ view }: Health): Status["partitions"] {
  return view === null ? { total: null, underReplicated: null, offline: null } : view.partitions;
}
