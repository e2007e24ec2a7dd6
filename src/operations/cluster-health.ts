/** Whether the cluster as a whole is well, asked from every broker: each has its own, possibly late, view of it. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";
import { activeController } from "../kafka/controller-serves.ts";
import { kafkaView, type KafkaView } from "../kafka/view.ts";

export type Health = {
  readonly healthy: boolean;
  /** Each a sentence; empty where all is well. */
  readonly complaints: readonly string[];
  /** The id of the broker or, in a KRaft cluster, the controller that is in charge; null where none is known. */
  readonly controllerId: number | null;
  /** The view of a broker that knows most; null where none answered. */
  readonly view: KafkaView | null;
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
        ? [`broker ${broker.id} on ${broker.node} does not answer`]
        : [],
    ),
    ...viewComplaints(
      answered,
      brokers.map(({ id }) => id),
    ),
  ];
  const view =
    answered.toSorted(
      (a, b) => b.brokers.length - a.brokers.length || b.partitions.underReplicated - a.partitions.underReplicated,
    )[0] ?? null;
  const controllerId =
    (cluster.quorum === "kraft" ? controllers.find((id) => id !== null) : view?.controllerId) ?? null;
  if (controllerId === null && answered.length > 0) complaints.push("there is no controller");
  return { healthy: complaints.length === 0, complaints, view, controllerId };
}

function viewComplaints(views: readonly KafkaView[], ids: readonly number[]): readonly string[] {
  const complaints = views.flatMap((view): readonly string[] => {
    const missing = ids.filter((id) => !view.brokers.some((broker) => broker.id === id));
    const { offline, underReplicated } = view.partitions;
    return [
      ...missing.map((id) => `broker ${id} is not registered with the controller`),
      ...(offline > 0 ? [`${partitions(offline)} offline: ${list(view, ({ leader }) => leader === null)}`] : []),
      ...(underReplicated > 0
        ? [
            `${partitions(underReplicated)} under-replicated: ${list(view, ({ isr, replicas }) => isr.length < replicas.length)}`,
          ]
        : []),
    ];
  });
  return [...new Set(complaints)];
}

const partitions = (count: number): string => `${count} partition${count === 1 ? " is" : "s are"}`;

type Partition = KafkaView["topics"][number]["partitions"][number];

function list(view: KafkaView, which: (partition: Partition) => boolean): string {
  const names = view.topics.flatMap(({ name, partitions: all }) =>
    all.filter(which).map(({ partition }) => `${name}-${partition}`),
  );
  return names.length > 10 ? `${names.slice(0, 10).join(", ")} and ${names.length - 10} more` : names.join(", ");
}
