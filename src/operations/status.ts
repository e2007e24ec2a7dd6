/** What is there and how it is: machines, services, controller, brokers, partitions. Reads only. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";
import { quorumView } from "../kafka/quorum.ts";
import type { KafkaView } from "../kafka/view.ts";
import type { ObservedHost } from "../plan/observed.ts";
import { openProvider } from "../providers/open-provider.ts";
import type { FleetMachine } from "../providers/provider.ts";
import type { StatusShown } from "../report/status-shown.ts";
import type { DesiredFile, DesiredHost, DesiredProcess } from "../services/desired.ts";
import { addressOf } from "./ask-kafka.ts";
import { clusterHealth, type Complaint, type Health } from "./cluster-health.ts";
import type { Context } from "./context.ts";
import { openSpec, type OpenCluster } from "./open-cluster.ts";
import type { OpenKafka } from "./open-kafka.ts";
import { deafAmong } from "./probe.ts";
import { serverJava, unknownJava } from "./server-java.ts";
import { survey } from "./survey.ts";

type Quorum = NonNullable<StatusShown["quorum"]>;

type ServiceState = "running" | "stopped" | "failed" | "absent" | "unknown";

/** What was seen behind it, for what is told of several looks. */
export type StatusLook = {
  readonly shown: StatusShown;
  /** Of all brokers that answered. */
  readonly views: readonly KafkaView[];
  readonly brokers: OpenKafka["brokers"];
  /** Whether every machine could be looked at. */
  readonly whole: boolean;
};

export async function status(context: Context): Promise<StatusShown> {
  const { spec, folder } = await openSpec(context);
  if (spec.provider.type === "external") {
    const { lookAtExternal, openExternalStatus } = await import("./external-status.ts");
    return (await lookAtExternal(await openExternalStatus(spec.name, spec.provider, folder, context), context)).shown;
  }
  return (await lookAtStatus({ spec, provider: await openProvider(spec, folder, context) }, context)).shown;
}

export async function lookAtStatus({ spec, provider }: OpenCluster, context: Context): Promise<StatusLook> {
  const seen = await survey(
    spec,
    provider,
    (receipt, cache) => serverJava(spec, receipt, cache, context).catch(() => unknownJava),
    context,
  );
  const { cluster, desired, observed, receipt } = seen;
  const [health, deaf, quorum] = await Promise.all([
    clusterHealth(cluster, context.signal, runningMembers(desired.hosts, observed.hosts)),
    deafServices(desired.hosts, observed.hosts, context.signal),
    cluster.quorum === "kraft" ? quorumStatus(cluster, context.signal) : null,
  ]);
  const nodes = cluster.nodes.map(({ name, address, roles }) => {
    const host = desired.hosts.find(({ node }) => node === name);
    const services = Object.fromEntries(
      (host?.processes ?? []).map((process) => [
        process.role,
        serviceState(process, host?.files ?? [], observed.hosts[name]),
      ]),
    );
    const addresses = Object.fromEntries(
      (host?.processes ?? []).map(({ role, probe }) => [role, `${probe.address}:${probe.port}`]),
    );
    const pids = pidsOf(host?.processes ?? [], observed.hosts[name]);
    const members = cluster.members.filter(({ node }) => node === name);
    const ids = Object.fromEntries(members.map(({ role, id }) => [role, id]));
    const machine = provider.fleet?.machines().find(({ node }) => node === name) ?? null;
    const seenFromOutside = provider.fleet === null ? {} : { machine: machine === null ? null : withoutNode(machine) };
    return { name, address, roles, services, addresses, ids, pids, ...seenFromOutside };
  });
  const unknown = [...seen.unreachable].flatMap(([node, { faults }]) =>
    faults.map(({ what, fix }) => ({ what, node, fix: fix ?? repair })),
  );
  const down = nodes.flatMap(({ name, services }) =>
    Object.entries(services).flatMap(([role, state]) =>
      state === "running" || seen.unreachable.has(name) ? [] : [{ what: `${role} on ${name} is ${state}`, node: name }],
    ),
  );
  const allAre = (which: ServiceState): boolean =>
    nodes.every(({ services }) => Object.values(services).every((state) => state === which));
  const complaints: StatusShown["complaints"] = allAre("absent")
    ? [{ what: `there is no cluster ${cluster.name} here`, node: null, fix: "`kctl up` makes it" }]
    : allAre("stopped")
      ? [{ what: `${cluster.name} is stopped`, node: null, fix: "`kctl start` starts it again" }]
      : [
          ...unknown,
          ...[...down, ...deaf, ...health.complaints, ...notVoting(cluster, quorum)].map((one) => ({
            ...one,
            fix: repair,
          })),
        ];
  const shown: StatusShown = {
    cluster: cluster.name,
    healthy: complaints.length === 0,
    versions: { kafka: receipt.former?.kafkaVersion ?? cluster.kafkaVersion, zookeeper: cluster.zookeeperVersion },
    nodes,
    brokers: brokerStatus(health, cluster),
    ...(cluster.quorum === "kraft" ? { controller: controllerStatus(health, cluster), quorum } : {}),
    partitions: partitionCounts(health),
    complaints,
  };
  const brokers = membersOf(cluster, "broker").map((member) => ({ id: member.id, address: addressOf(member) }));
  return { shown, views: health.views, brokers, whole: seen.unreachable.size === 0 };
}

function withoutNode(machine: FleetMachine): Omit<FleetMachine, "node"> {
  const { id, type, zone, state, privateAddress, publicAddress, volume } = machine;
  return { id, type, zone, state, privateAddress, publicAddress, volume };
}

const repair = "`kctl up` starts what is dead and repairs what it can; `kctl restart NODE` restarts what hangs";

function runningMembers(
  hosts: readonly DesiredHost[],
  observed: Readonly<Record<string, ObservedHost>>,
): ReadonlySet<string> {
  const keys = hosts.flatMap(({ node, processes }) => processes.map(({ key }) => ({ node, key })));
  return new Set(
    keys.filter(({ node, key }) => observed[node]?.processes[key]?.state === "running").map(({ key }) => key),
  );
}

export function serviceState(
  process: Pick<DesiredProcess, "key">,
  files: readonly Pick<DesiredFile, "path" | "member">[],
  host: Pick<ObservedHost, "processes" | "files"> | undefined,
): ServiceState {
  if (host === undefined) return "unknown";
  const seen = host.processes[process.key];
  if (seen?.state === "running") return "running";
  if (seen?.state === "dead") return "failed";
  const isThere = files.some(({ path, member }) => member === process.key && host.files[path]?.kind === "file");
  return isThere ? "stopped" : "absent";
}

function pidsOf(
  processes: readonly DesiredProcess[],
  host: ObservedHost | undefined,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    processes.flatMap(({ key, role }) => {
      const seen = host?.processes[key];
      return seen?.state === "running" ? [[role, seen.pid]] : [];
    }),
  );
}

/** Processes that are there and do not serve. Brokers are asked by clusterHealth. */
async function deafServices(
  hosts: readonly DesiredHost[],
  observed: Readonly<Record<string, ObservedHost>>,
  signal: AbortSignal,
): Promise<readonly Complaint[]> {
  const running = hosts.flatMap(({ node, processes }) =>
    processes.filter(({ key }) => observed[node]?.processes[key]?.state === "running"),
  );
  return (await deafAmong(running, signal)).map(({ role, node }) => ({
    what: `${role} on ${node} runs but does not serve`,
    node,
  }));
}

async function quorumStatus(cluster: Cluster, signal: AbortSignal): Promise<Quorum | null> {
  const members = membersOf(cluster, "controller");
  const view = await quorumView(
    members.map(({ address, ports }) => ({ host: address, port: ports["controller"] ?? 0 })),
    signal,
  );
  if (view === null) return null;
  const nodeOf = (id: number): string => members.find((member) => member.id === id)?.node ?? "unknown";
  return { leader: view.leaderId, voters: view.voters.map(({ id, lag }) => ({ id, node: nodeOf(id), lag })) };
}

function notVoting(cluster: Cluster, quorum: Quorum | null): readonly Complaint[] {
  if (quorum === null) return [];
  return membersOf(cluster, "controller")
    .filter(({ id }) => !quorum.voters.some((voter) => voter.id === id))
    .map(({ id, node }) => ({ what: `controller ${id} on ${node} has no vote in the quorum`, node }));
}

function controllerStatus({ controllerId }: Health, cluster: Cluster): NonNullable<StatusShown["controller"]> | null {
  const member = membersOf(cluster, "controller").find(({ id }) => id === controllerId);
  return member === undefined ? null : { id: member.id, node: member.node };
}

function brokerStatus(
  { view, controllerId }: Health,
  cluster: Parameters<typeof membersOf>[0],
): StatusShown["brokers"] {
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

export function partitionCounts({ view }: Pick<Health, "view">): StatusShown["partitions"] {
  return view === null ? { total: null, underReplicated: null, offline: null } : view.partitions;
}
