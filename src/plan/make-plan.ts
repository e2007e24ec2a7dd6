/** desired − observed = plan: every change with its reasons, its effect and what must come before it. */
import type { Cluster, Member, Role } from "../cluster/cluster.ts";
import type { Fault } from "../fault.ts";
import type { DesiredHost, DesiredProcess, DesiredState } from "../services/desired.ts";
import { softwareFor } from "../services/desired-state.ts";
import { service } from "../services/registry.ts";
import { isLiveSetting } from "../spec/setting-info.ts";
import { minorOf } from "../spec/versions.ts";
import { artifactChanges, classArchiveChanges } from "./artifact-changes.ts";
import { changesSomething, type Change, type Edge } from "./change.ts";
import { gatesBefore, gatesFor } from "./gates.ts";
import { hostChanges, type HostChanges } from "./host-changes.ts";
import type { KafkaChanges } from "./kafka-changes.ts";
import { beforeServer, machineChanges, userFirst, volumeFirst } from "./machine-changes.ts";
import type { ObservedHost, ObservedState } from "./observed.ts";
import { mountingOnly } from "./mounting-only.ts";
import { obstacles } from "./obstacles.ts";
import type { Receipt } from "./receipt.ts";
import { receiptChange } from "./receipt-change.ts";
import { softwareRemovals } from "./software-removals.ts";
import { unseenVolumes } from "./volume-steps.ts";
import { withCloud, type CloudPart } from "./with-cloud.ts";

export type Plan = {
  readonly changes: readonly Change[];
  /** While there is one, nothing of the plan is carried out. */
  readonly obstacles: readonly Fault[];
  /** What the spec asks for and kctl does not do; the rest is carried out. */
  readonly refusals: readonly Fault[];
  /** What it brings to light decides all the rest, which is planned then. */
  readonly isPartial: boolean;
};

export type PlanInput = {
  /** The cluster's folder: paths are shown from here. */
  readonly root: string;
  readonly cluster: Cluster;
  readonly desired: DesiredState;
  readonly observed: ObservedState;
  readonly receipt: { readonly former: Receipt | null; readonly next: Receipt };
  readonly kafka: KafkaChanges;
  /** Of machines that come and go with the cluster. */
  readonly cloud?: CloudPart;
};

const done = (key: string): Edge => ({ key, until: "done" });

export function makePlan(input: PlanInput): Plan {
  return withCloud(planOfHosts(input), input.cloud);
}

function planOfHosts(input: PlanInput): Plan {
  const unseen = unseenVolumes(input.desired, input.observed);
  const plan = wholePlan(input);
  if (unseen.length === 0) return plan;
  return { ...plan, changes: mountingOnly(plan.changes, unseen, input.desired), refusals: [], isPartial: true };
}

function wholePlan(input: PlanInput): Plan {
  const { cluster, desired, observed, kafka } = input;
  const receipt = receiptChange(observed, input.receipt.next);
  const first = receipt.map(({ key }) => done(key));
  const artifacts = artifactChanges(desired, observed);
  const { hosts, machines, setUp } = onHosts(input, first, artifacts);
  const running = hosts.flatMap(({ starts }) => starts);
  const gates = gatesFor(cluster, running);
  const storage = desired.hosts.flatMap((host) =>
    storageChanges(host, observed.hosts[host.node], hosts, [
      ...first,
      ...artifacts.map(({ key }) => done(key)),
      ...setUp(host.node, "controller"),
    ]),
  );
  const formatted = new Set(storage.map(({ member }) => member));
  const restarted = hosts.flatMap(({ restarts }) => restarts);
  const classArchives =
    running.length + restarted.length === 0 ? [] : classArchiveChanges(desired, observed, artifacts);
  const starts = running.map((process) =>
    startChange(
      process,
      cluster,
      [
        ...first,
        ...artifacts.map(({ key }) => done(key)),
        ...setUp(process.node, process.role),
        // A first start goes on beside the making of the archive; restarts can wait for it, and gain.
        ...classArchives.map(({ key }) => ({ key, until: "begun" as const })),
        ...gatesBefore(process, input, gates, formatted),
        ...storage.filter((change) => change.member === process.key).map(({ key }) => done(key)),
      ],
      hosts,
      input.receipt.former,
    ),
  );
  const started = withoutClients(starts, cluster);
  const live = onKafka(kafka, [...first, ...started.map(({ key }) => done(key))]);
  const roll = rollChange(cluster, restarted, hosts, [
    ...artifacts,
    ...machines,
    ...classArchives,
    ...started,
    ...live,
  ]);
  const topics = [...Map.groupBy(kafka.topics, topicOf).values()].flatMap((ofOne) =>
    inTurn(ofOne, [...first, ...[...started, ...roll].map(({ key }) => done(key))]),
  );
  return {
    changes: [
      ...receipt,
      ...artifacts,
      ...classArchives,
      ...hosts.flatMap(({ changes }) => changes),
      ...machines,
      ...storage,
      ...gates,
      ...starts,
      ...live,
      ...roll,
      ...removals(input, hosts, [...receipt, ...machines, ...starts, ...roll]),
      ...topics,
      ...kafka.notes,
      ...cluster.joiningLater.map(joinsLater),
    ],
    obstacles: obstacles(cluster, desired, observed, input.receipt.former),
    refusals: kafka.refusals,
    isPartial: false,
  };
}

/** Last of all on a machine; and once the roll has come to its end, since one that fails may be called off. */
function removals(
  { desired, observed, receipt: { next } }: PlanInput,
  hosts: readonly HostChanges[],
  before: readonly Change[],
): readonly Change[] {
  return desired.hosts.flatMap((host, index) => {
    const { node } = host;
    const own = [...(hosts[index]?.changes ?? []), ...before].filter((one) => one.node === null || one.node === node);
    const restarts = (hosts[index]?.restarts.length ?? 0) > 0;
    const after = own.map(({ key }) => done(key));
    return softwareRemovals(host, observed.hosts[node]?.machine, next, { restarts, after });
  });
}

/** All but those that brokers serve: one of them that cannot start is no reason to leave the brokers as they are. */
function withoutClients(starts: readonly Change[], cluster: Cluster): readonly Change[] {
  const clients = cluster.members.filter(({ role }) => service(role).needs(cluster).includes("broker"));
  const theirs = new Set(clients.map(({ key }) => `start ${key}`));
  return starts.filter(({ key }) => !theirs.has(key));
}

function joinsLater({ key, node }: Member): Change {
  const title = `${key} joins the ensemble after that: it takes one server at a time, and restarts for each`;
  const common = { layer: "host", node, why: [], effect: "none", diff: [], after: [] } as const;
  return { ...common, kind: "note", verb: "note", key: `later ${key}`, title };
}

/** What is asked of one topic goes in turn; that another one is refused is no reason not to ask. */
function topicOf(change: Change): string {
  return "topic" in change ? change.topic : change.key;
}

/** One after the other, and the first that is refused ends it. */
function inTurn(changes: readonly Change[], after: readonly Edge[]): readonly Change[] {
  return changes.map((change, index) => {
    // A note is nothing that is ever done.
    const before = changes.slice(0, index).findLast(changesSomething);
    return { ...change, after: [...after, ...(before === undefined ? [] : [done(before.key)])] };
  });
}

function onKafka(kafka: KafkaChanges, after: readonly Edge[]): readonly Change[] {
  const voters = inTurn(kafka.voters, after);
  // With ZooKeeper a broker reads all live settings, changes one and writes all of them: two at once would lose one.
  const settings = inTurn(kafka.settings, [...after, ...voters.map(({ key }) => done(key))]);
  return [...voters, ...settings];
}

type OnHosts = {
  readonly hosts: readonly HostChanges[];
  readonly machines: ReturnType<typeof machineChanges>;
  /** What must be done of it before a server of the node may start. */
  readonly setUp: (node: string, role: Role) => readonly Edge[];
};

function onHosts(
  { cluster, desired, observed, root }: PlanInput,
  first: readonly Edge[],
  artifacts: readonly Change[],
): OnHosts {
  const minor = minorOf(cluster.kafkaVersion);
  const isLive = (key: string): boolean => isLiveSetting(minor, key);
  const hosts = desired.hosts.map((host) => {
    const seen = observed.hosts[host.node];
    const before = volumeFirst(host, seen?.machine);
    return hostChanges(host, seen, { first: [...first, ...userFirst(host, seen?.machine)], before, root, isLive });
  });
  const fetched = artifacts.map(({ key }) => done(key));
  const machines = desired.hosts.flatMap((host, index) => {
    const files = hosts[index]?.changes ?? [];
    return machineChanges(host, observed.hosts[host.node]?.machine, { first, files, fetched });
  });
  const setUp = (node: string, role: Role): readonly Edge[] =>
    beforeServer(machines, node, softwareFor(role, cluster)).map(({ key }) => done(key));
  return { hosts, machines, setUp };
}

type StorageChange = Extract<Change, { kind: "storage" }>;

/** Storage without a record of whose it is was never formatted. */
function storageChanges(
  { node, storage }: DesiredHost,
  observed: ObservedHost | undefined,
  hosts: readonly HostChanges[],
  after: readonly Edge[],
): readonly StorageChange[] {
  const own = hosts.flatMap(({ changes }) => changes).filter((change) => change.node === node);
  return storage
    .filter(({ member }) => observed?.identities[member] === undefined)
    .map(({ member }) => ({
      kind: "storage",
      verb: "format",
      key: `storage ${member}`,
      member,
      layer: "host",
      node,
      title: `format the storage of ${member}`,
      why: [],
      effect: "none",
      diff: [],
      after: [...after, ...own.map(({ key }) => done(key))],
    }));
}

function startChange(
  process: DesiredProcess,
  cluster: Cluster,
  after: readonly Edge[],
  hosts: readonly HostChanges[],
  former: Receipt | null,
): Change {
  const isNew = former !== null && !Object.hasOwn(former.members, process.key);
  const member = cluster.members.find(({ key }) => key === process.key);
  const own = hosts
    .flatMap(({ changes }) => changes)
    .filter(({ node, kind }) => node === process.node && (kind === "file" || kind === "folder"));
  return {
    kind: "process",
    verb: "start",
    key: `start ${process.key}`,
    member: process.key,
    layer: "host",
    node: process.node,
    title: `start ${service(process.role).title} ${member?.id} on ${process.node}`,
    why: isNew ? [{ field: "nodes", from: null, to: process.key }] : [],
    effect: "none",
    diff: [],
    after: [...after, ...own.map(({ key }) => done(key))],
  };
}

function rollChange(
  cluster: Cluster,
  restarts: readonly DesiredProcess[],
  hosts: readonly HostChanges[],
  before: readonly Change[],
): readonly Change[] {
  if (restarts.length === 0) return [];
  const keys = new Set(restarts.map(({ key }) => key));
  const members = cluster.members.filter(({ key }) => keys.has(key)).map(({ key }) => key);
  const files = hosts.flatMap(({ changes }) => changes);
  // What is set live stands in the same files, and is no reason to restart.
  const live = new Set(before.flatMap(({ effect, why }) => (effect === "live" ? why.map(({ field }) => field) : [])));
  const causes = files.filter(({ effect }) => effect === "restart");
  const why = [...causes, ...hosts].flatMap((cause) => cause.why).filter(({ field }) => !live.has(field));
  return [
    {
      kind: "roll",
      verb: "restart",
      key: "roll",
      members,
      layer: "host",
      node: null,
      title: `restart ${members.length === 1 ? members[0] : `${members.length} servers, one at a time`}`,
      why: [...new Map(why.map((one) => [one.field, one])).values()],
      effect: "restart",
      diff: [],
      after: [
        ...files.map(({ key }) => done(key)),
        ...before.flatMap((change) => beforeRoll(change, joins(cluster, before, members), cluster)),
      ],
    },
  ];
}

/** Whether a ZooKeeper server joins others that restart for it. */
function joins({ members }: Cluster, before: readonly Change[], restarts: readonly string[]): boolean {
  const keepers = new Set(members.filter(({ role }) => role === "zookeeper").map(({ key }) => key));
  const starts = before.some((change) => change.kind === "process" && keepers.has(change.member));
  return starts && restarts.some((key) => keepers.has(key));
}

/**
 * A roll waits until all that starts serves. Not so where an ensemble takes up a server: that one may serve only once the others
 * have restarted, and brokers that start wait for the ensemble; the roll's own gates wait for each of them when its turn comes.
 */
function beforeRoll(change: Change, joining: boolean, { members }: Cluster): readonly Edge[] {
  if (!joining || change.kind !== "process") return [done(change.key)];
  const keeper = members.some(({ key, role }) => role === "zookeeper" && key === change.member);
  return keeper ? [{ key: change.key, until: "begun" }] : [];
}
