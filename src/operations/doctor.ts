/**
 * Whether a client on this machine could work: each address that it would be told is looked up, connected to and asked, straight
 * and not through the tunnels that kctl itself has, and what comes back is compared with the spec.
 */
import pLimit from "p-limit";
import type { ListenerName } from "../cluster/client-listeners.ts";
import { nameInAccount } from "../ec2/want-cloud.ts";
import type { Fault } from "../fault.ts";
import { addressText, type Address } from "../kafka/address.ts";
import type { Spec } from "../spec/schema.ts";
import type { Context } from "./context.ts";
import { judge, strangeAddresses, type JudgedListener, type Met, type RuleForClients } from "./doctor/judge.ts";
import { probe, type Patience, type Probed } from "./doctor/probe.ts";
import { toldListeners } from "./told-listeners.ts";

export type Diagnosis = {
  readonly cluster: string;
  readonly listeners: readonly JudgedListener[];
  readonly faults: readonly Fault[];
};

/** For a connection, and for the answers on it: a client that waits longer is as good as one that cannot. */
const patienceMs = 5000;

export async function doctor(context: Context): Promise<Diagnosis> {
  const { spec, cluster, listeners } = await toldListeners(context);
  const atOnce = pLimit(context.concurrency * listeners.length);
  const patience: Patience = {
    signal: context.signal,
    timeoutMs: Math.min(context.timeoutSeconds * 1000, patienceMs),
  };
  const probeAll = async (addresses: readonly Address[]): Promise<readonly (readonly [string, Probed])[]> =>
    Promise.all(
      addresses.map((address) => atOnce(async () => [addressText(address), await probe(address, patience)] as const)),
    );
  const judged = await Promise.all(
    listeners.map(async (listener) => {
      const expected: Met = new Map(await probeAll(listener.brokers));
      const strange = await probeAll(strangeAddresses(listener, expected));
      return judge(listener, new Map([...expected, ...strange]), ruleOf(spec, listener.name));
    }),
  );
  return { cluster: cluster.name, listeners: judged, faults: judged.flatMap(({ faults }) => faults) };
}

function ruleOf({ name, provider, kafka }: Spec, listener: ListenerName): RuleForClients | null {
  if (provider.type !== "aws") return null;
  const group = nameInAccount(name);
  return listener === "clients"
    ? { group, key: "provider.access.clients", from: provider.access.clients }
    : { group, key: "kafka.external.from", from: kafka.external?.from ?? [] };
}
