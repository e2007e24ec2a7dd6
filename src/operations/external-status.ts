/** The status of a cluster that kctl does not manage: as far as Kafka's protocol tells it. Reads only. */
import { addressText } from "../kafka/address.ts";
import { quorumView } from "../kafka/quorum.ts";
import { kafkaView } from "../kafka/view.ts";
import { fullest, viewComplaints } from "./cluster-health.ts";
import type { Context } from "./context.ts";
import { openExternal } from "./open-external.ts";
import type { OpenKafka } from "./open-kafka.ts";
import { partitionCounts, type StatusLook } from "./status.ts";
import type { External } from "./way-into.ts";

export type ExternalStatus = Pick<OpenKafka, "name" | "brokers">;

/** @throws KctlError where it lets nobody in */
export async function openExternalStatus(
  name: string,
  provider: External,
  folder: string,
  context: Context,
): Promise<ExternalStatus> {
  const brokers = await openExternal(name, provider, folder, context);
  return { name, brokers };
}

const repair = "tell those who run this cluster: kctl does not manage it";

/** Who the controller is, only a KRaft quorum says to everybody, and only where it lets this user ask. */
export async function lookAtExternal(
  { name, brokers }: ExternalStatus,
  { signal }: Pick<Context, "signal">,
): Promise<StatusLook> {
  const addresses = brokers.map(({ address }) => address);
  const [asked, quorum] = await Promise.all([
    Promise.all(brokers.map(async ({ id, address }) => ({ id, address, view: await kafkaView([address], signal) }))),
    quorumView(addresses, signal),
  ]);
  const views = asked.flatMap(({ view }) => view ?? []);
  const view = fullest(views);
  const named = view?.brokers ?? [];
  const silent = asked.flatMap(({ id, address, view: its }) =>
    its === null ? [{ what: `broker ${id} at ${addressText(address)} does not answer`, node: null }] : [],
  );
  const complaints = [...silent, ...viewComplaints(views, [])].map((one) => ({ ...one, fix: repair }));
  return {
    shown: {
      cluster: name,
      healthy: complaints.length === 0,
      versions: { kafka: null, zookeeper: null },
      nodes: [],
      brokers: named.map(({ id, host, port }) => ({
        id,
        node: host,
        controller: false,
        address: addressText({ host, port }),
      })),
      controller: quorum === null ? null : { id: quorum.leaderId, node: "unknown" },
      partitions: partitionCounts({ view }),
      complaints,
    },
    views,
    brokers: named.map(({ id, host, port }) => ({ id, address: { host, port } })),
    whole: true,
  };
}
