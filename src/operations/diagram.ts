/** A picture of the running cluster as SVG: zones, nodes, servers, and who leads and follows in every partition. Reads only. */
import { membersOf, type Cluster, type Member } from "../cluster/cluster.ts";
import { KctlError } from "../fault.ts";
import { controllerServes } from "../kafka/controller-serves.ts";
import { zookeeperMode } from "../kafka/four-letter.ts";
import type { KafkaView } from "../kafka/view.ts";
import { diagram as drawn } from "../render/diagram/diagram.ts";
import type { Picture, PictureServer } from "../render/diagram/picture.ts";
import { internalTopics } from "../spec/internal-topics.ts";
import { service } from "../services/registry.ts";
import { clusterHealth } from "./cluster-health.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { clusterThere } from "./open-kafka.ts";
import { mayBeOutputFile, writeOutputFile } from "./output-file.ts";

export type Diagram = { readonly cluster: string; readonly svg: string; readonly topics: number };

/** @param out null: the caller shows it */
export async function diagram(context: Context, out: string | null): Promise<Diagram> {
  if (out !== null) await mayBeOutputFile("the picture", out, context);
  const cluster = await clusterThere(await openCluster(context));
  const [{ view, controllerId }, standings] = await Promise.all([
    clusterHealth(cluster, context.signal),
    standingsOf(cluster, context.signal),
  ]);
  if (view === null)
    throw new KctlError({
      code: "kafka-unreachable",
      what: `no broker of ${cluster.name} answers, so there is nothing to draw`,
      fix: "see with `kctl status` what runs, and start it with `kctl up`",
    });
  const picture = pictureOf({ cluster, view, controllerId, standings });
  const svg = drawn(picture);
  if (out !== null) await writeOutputFile(out, 0o644, svg, context);
  return { cluster: cluster.name, svg, topics: picture.topics.length };
}

/** Of what is no broker, by the member's key: whether it serves, and what it is among its peers. */
type Standings = ReadonlyMap<string, { readonly up: boolean; readonly leads: string }>;

async function standingsOf(cluster: Cluster, signal: AbortSignal): Promise<Standings> {
  const asked = cluster.members.flatMap((member) => {
    const standing = standingOf(member, signal);
    return standing === null ? [] : [standing.then((one) => [member.key, one] as const)];
  });
  return new Map(await Promise.all(asked));
}

function standingOf(
  { role, address, ports }: Member,
  signal: AbortSignal,
): Promise<{ readonly up: boolean; readonly leads: string }> | null {
  if (role === "zookeeper")
    return zookeeperMode(address, ports["client"] ?? 0, signal).then((mode) => ({
      up: mode === "leader" || mode === "follower" || mode === "observer" || mode === "standalone",
      leads: mode === "leader" ? "leader" : "",
    }));
  if (role === "controller")
    return controllerServes(address, ports["controller"] ?? 0, signal).then((up) => ({ up, leads: "" }));
  return null;
}

type Seen = {
  readonly cluster: Cluster;
  readonly view: KafkaView;
  readonly controllerId: number | null;
  readonly standings: Standings;
};

function pictureOf(seen: Seen): Picture {
  const { cluster, view } = seen;
  const { kafkaVersion, zookeeperVersion, quorum } = cluster;
  const keeper = quorum === "kraft" ? "KRaft" : `ZooKeeper${zookeeperVersion === null ? "" : ` ${zookeeperVersion}`}`;
  const brokers = new Map(membersOf(cluster, "broker").map(({ node, id }) => [node, id]));
  const topics = view.topics.map((topic) => ({ ...topic, internal: internalTopics.has(topic.name) }));
  return {
    cluster: cluster.name,
    about: `Kafka ${kafkaVersion}, ${keeper}`,
    nodes: cluster.nodes.map(({ name, address, rack }) => ({
      name,
      address: told(brokers.get(name), view) ?? address,
      rack,
      servers: cluster.members.filter(({ node }) => node === name).map((member) => serverOf(member, seen)),
      broker: brokers.get(name) ?? null,
    })),
    topics: topics.toSorted((a, b) => Number(a.internal) - Number(b.internal)),
  };
}

/** What clients are told of the node's broker. */
function told(id: number | undefined, { brokers }: KafkaView): string | null {
  const found = brokers.find((broker) => broker.id === id);
  return found === undefined ? null : `${found.host}:${found.port}`;
}

function serverOf({ key, role, id }: Member, { view, controllerId, cluster, standings }: Seen): PictureServer {
  const { title } = service(role);
  const standing = standings.get(key) ?? { up: view.brokers.some((broker) => broker.id === id), leads: "" };
  const inCharge = cluster.quorum === "kraft" ? role === "controller" : role === "broker";
  const leads = !inCharge || id !== controllerId ? standing.leads : role === "controller" ? "leader" : "controller";
  // Short, as there is room for: `ZooKeeper 1`.
  return { title: `${title.replace(/ server$/, "")} ${id}`, up: standing.up, leads };
}
