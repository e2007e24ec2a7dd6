/** The listeners that clients come to: what each broker tells them, and where that is. */
import type { Spec } from "../spec/schema.ts";
import { membersOf, type Cluster } from "./cluster.ts";
import type { KnownIds } from "./known-ids.ts";
import { usualAdvertise, type Advertise } from "./place.ts";
import type { Platform } from "./platform.ts";
import { resolveCluster } from "./resolve.ts";

export type ListenerName = "clients" | "external";

export type ToldBroker = {
  readonly node: string;
  readonly id: number;
  readonly rack: string | null;
  /** What clients are told. */
  readonly host: string;
  readonly port: number;
  /** What its name stands for, where clients are told its name: an address, or a name of DNS. Else the same as `host`. */
  readonly behind: string;
};

export type ClientListener = {
  readonly name: ListenerName;
  /** null: all brokers share this machine's own address. */
  readonly advertise: Advertise | null;
  readonly brokers: readonly ToldBroker[];
};

export function clientListeners(spec: Spec, platform: Platform, ids: KnownIds): readonly ClientListener[] {
  const { clients, external } = spec.kafka;
  const inside = listener("clients", clients.advertise ?? usualAdvertise(platform), { spec, platform, ids });
  return external === undefined
    ? [inside]
    : [inside, listener("external", external.advertise, { spec, platform, ids })];
}

type Known = { readonly spec: Spec; readonly platform: Platform; readonly ids: KnownIds };

function listener(name: ListenerName, advertise: Advertise, { spec, platform, ids }: Known): ClientListener {
  const cluster = resolveCluster(spec, platform, ids);
  const behind = advertise === "name" ? toldBy(name, resolveCluster(telling(spec, name, platform), platform, ids)) : [];
  return {
    name,
    advertise: platform.sharedAddress === null ? advertise : null,
    brokers: toldBy(name, cluster).map((broker, index) => ({ ...broker, behind: behind[index]?.host ?? broker.host })),
  };
}

/** The spec as if this listener told addresses: those that its clients reach. */
function telling(spec: Spec, name: ListenerName, { nodes }: Platform): Spec {
  const { kafka } = spec;
  if (name === "clients") {
    const advertise = nodes === null ? "address" : "private";
    return { ...spec, kafka: { ...kafka, clients: { ...kafka.clients, advertise } } };
  }
  return kafka.external === undefined
    ? spec
    : { ...spec, kafka: { ...kafka, external: { ...kafka.external, advertise: "public" } } };
}

function toldBy(name: ListenerName, cluster: Cluster): readonly Omit<ToldBroker, "behind">[] {
  return membersOf(cluster, "broker").map(({ node, id, rack, advertised, advertisedOutside, ports }) => ({
    node,
    id,
    rack,
    host: name === "clients" ? advertised : (advertisedOutside ?? ""),
    port: ports[name] ?? 0,
  }));
}
