/** Whether the cluster as a whole is well, asked from every broker: each has its own, possibly late, view of it. */
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import { activeController } from "../kafka/controller-serves.ts";
import { kafkaView, type KafkaView } from "../kafka/view.ts";

/** A sentence, and the node that it is about, where it is about one. */
export type Complaint = { readonly what: string; readonly node: string | null };

export type Health = {
  readonly healthy: boolean;
  /** Empty where all is well. */
  readonly complaints: readonly Complaint[];
  /** The id of the broker or, in a KRaft cluster, the controller that is in charge; null where none is known. */
  readonly controllerId: number | null;
  /** The view of a broker that knows most; null where none answered. */
  readonly view: KafkaView | null;
  /** Of all brokers that answered. */
  readonly views: readonly KafkaView[];
};

/** @param running where given: the members that run; that another one does not answer is no news */
export async function clusterHealth(
  cluster: Cluster,
  signal: AbortSignal,
  running?: ReadonlySet<string>,
): Promise<Health> {
  const brokers = membersOf(cluster, "broker");
  const views = await Promise.all(
    brokers.map(async (broker) => ({
      broker,
      view: await kafkaView([{ host: broker.address, port: broker.ports["clients"] ?? 0 }], signal),
    })),
  );
  const controllers = await Promise.all(
    membersOf(cluster, "controller").map(({ address, ports }) =>
      activeController(address, ports["controller"] ?? 0, signal),
    ),
  );
  const answered = views.flatMap(({ view }) => (view === null ? [] : [view]));
  const complaints = [
    ...views.flatMap(({ broker, view }) =>
      view === null && running?.has(broker.key) !== false
        ? [{ what: `broker ${broker.id} on ${broker.node} does not answer`, node: broker.node }]
        : [],
    ),
    ...viewComplaints(answered, brokers),
  ];
  const view = fullest(answered);
  const controllerId =
    (cluster.quorum === "kraft" ? controllers.find((id) => id !== null) : view?.controllerId) ?? null;
  if (controllerId === null && answered.length > 0) complaints.push({ what: "there is no controller", node: null });
  return { healthy: complaints.length === 0, complaints, view, views: answered, controllerId };
}

/** That of a broker that knows most. */
export function fullest(views: readonly KafkaView[]): KafkaView | null {
  const sorted = views.toSorted(
    (a, b) => b.brokers.length - a.brokers.length || b.partitions.underReplicated - a.partitions.underReplicated,
  );
  return sorted[0] ?? null;
}

/** @param brokers those that there are to be */
export function viewComplaints(
  views: readonly KafkaView[],
  brokers: readonly Pick<Member, "id" | "node">[],
): readonly Complaint[] {
  const complaints = views.flatMap((view): readonly Complaint[] => {
    const missing = brokers.filter(({ id }) => !view.brokers.some((broker) => broker.id === id));
    const { offline, underReplicated } = view.partitions;
    const ofAll = [
      ...(offline > 0 ? [`${partitions(offline)} offline: ${list(view, ({ leader }) => leader === null)}`] : []),
      ...(underReplicated > 0
        ? [
            `${partitions(underReplicated)} under-replicated: ${list(view, ({ isr, replicas }) => isr.length < replicas.length)}`,
          ]
        : []),
    ];
    return [
      ...missing.map(({ id, node }) => ({ what: `broker ${id} is not registered with the controller`, node })),
      ...ofAll.map((what) => ({ what, node: null })),
    ];
  });
  return [...new Map(complaints.map((complaint) => [complaint.what, complaint])).values()];
}

const partitions = (count: number): string => `${count} partition${count === 1 ? " is" : "s are"}`;

type Partition = KafkaView["topics"][number]["partitions"][number];

function list(view: KafkaView, which: (partition: Partition) => boolean): string {
  const names = view.topics.flatMap(({ name, partitions: all }) =>
    all.filter(which).map(({ partition }) => `${name}-${partition}`),
  );
  return names.length > 10 ? `${names.slice(0, 10).join(", ")} and ${names.length - 10} more` : names.join(", ");
}
