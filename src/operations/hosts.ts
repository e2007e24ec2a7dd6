/** The lines of /etc/hosts that a client's machine needs where brokers tell clients their names; none where they tell addresses. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { ClientListener, ListenerName, ToldBroker } from "../cluster/client-listeners.ts";
import { KctlError, type Fault } from "../fault.ts";
import type { Context } from "./context.ts";
import { theListener, toldListeners } from "./told-listeners.ts";

export type HostsEntry = { readonly address: string; readonly names: readonly string[] };

export type Hosts = {
  readonly cluster: string;
  readonly listener: ListenerName;
  /** Empty where clients are told addresses. */
  readonly entries: readonly HostsEntry[];
  /** Why there is none; null where there are some. */
  readonly why: string | null;
};

export async function hosts(context: Context, options: { readonly external: boolean }): Promise<Hosts> {
  const told = await toldListeners(context);
  const listener = theListener(told, options.external ? "external" : "clients");
  const why = whyNone(listener);
  const entries = why === null ? await entriesOf(listener.brokers) : [];
  return { cluster: told.cluster.name, listener: listener.name, entries, why };
}

function whyNone({ name, advertise, brokers }: ClientListener): string | null {
  if (advertise === "name") return null;
  const first = brokers[0] === undefined ? "" : `: ${brokers[0].host}`;
  const key = `kafka.${name}.advertise`;
  return advertise === null
    ? "clients need no lines in /etc/hosts: brokers tell them this machine's own address"
    : `clients need no lines in /etc/hosts: brokers tell them addresses (\`${key}: ${advertise}\`${first}), and no names of nodes`;
}

/** What stands for a node in the spec may be a name of DNS, and /etc/hosts takes addresses alone. */
async function entriesOf(brokers: readonly ToldBroker[]): Promise<readonly HostsEntry[]> {
  const faults: Fault[] = [];
  const entries = await Promise.all(
    brokers.map(async ({ node, host, behind }): Promise<readonly HostsEntry[]> => {
      if (isIP(behind) !== 0) return [{ address: behind, names: [host] }];
      try {
        return [{ address: (await lookup(behind)).address, names: [host] }];
      } catch {
        faults.push({
          code: "no-address",
          node,
          where: behind,
          what: `${behind}, the address of ${node}, cannot be resolved from here, so there is nothing to write for ${host}`,
          fix: `see that DNS knows ${behind} here, or write the node's IP address as its \`address\``,
        });
        return [];
      }
    }),
  );
  if (faults.length > 0) throw new KctlError(faults);
  return entries.flat();
}
