/** Other clusters on a machine, by the receipts that they left: those that have a port of this one's servers. */
import type { Member } from "../cluster/cluster.ts";
import { parseReceipt, type Receipt } from "../plan/receipt.ts";
import { KctlError } from "../fault.ts";
import type { Finding } from "./finding.ts";

type Taken = { readonly port: number; readonly what: string };

/** @param receipts by cluster, as they lie on the machine */
export function neighbourFindings(
  node: string,
  members: readonly Member[],
  receipts: Readonly<Record<string, string>>,
): readonly Finding[] {
  return Object.entries(receipts).flatMap(([cluster, text]): readonly Finding[] => {
    const receipt = readable(text);
    if (receipt === null) return [unreadable(node, cluster)];
    const theirs = portsOn(node, members[0]?.address ?? node, receipt);
    const clashes = members.flatMap(({ key, ports }) =>
      Object.entries(ports).flatMap(([name, port]) => {
        const other = theirs.find((each) => each.port === port);
        return other === undefined ? [] : [{ port, what: `${key}'s ${name} port, and ${other.what}` }];
      }),
    );
    if (clashes.length === 0) return [];
    return [
      {
        id: "ports-of-another-cluster",
        node,
        level: "error",
        what: `the cluster ${cluster} is on this machine too, and has ports of this one: ${clashes.map(({ port, what }) => `${port} (${what})`).join(", ")}`,
        measured: clashes.map(({ port }) => port).join(", "),
        wanted: "ports of its own for each cluster",
        fix: `take another machine, or destroy ${cluster} if nobody needs it`,
      },
    ];
  });
}

function readable(text: string): Receipt | null {
  try {
    return parseReceipt(text);
  } catch (error) {
    if (error instanceof KctlError) return null;
    throw error;
  }
}

/** Its own name for this machine may be another; where its address says nothing either, any of its servers may be here. */
function portsOn(node: string, address: string, { ports, machines = {} }: Receipt): readonly Taken[] {
  const own = Object.entries(machines).find(([, machine]) => machine.address === address)?.[0] ?? node;
  const keys = Object.keys(ports);
  const here = keys.filter((key) => key.startsWith(`${own}/`));
  return (here.length > 0 ? here : keys).flatMap((key) =>
    Object.entries(ports[key] ?? {}).map(([name, port]) => ({ port, what: `${key}'s ${name} port there` })),
  );
}

function unreadable(node: string, cluster: string): Finding {
  return {
    id: "receipt-of-another-cluster",
    node,
    level: "warning",
    what: `the receipt of the cluster ${cluster} on this machine cannot be read: which ports it has is not known`,
    measured: "damaged, or written by a newer kctl",
    wanted: "a receipt that says it",
    fix: `see /etc/kctl/${cluster}/receipt.json there`,
  };
}
