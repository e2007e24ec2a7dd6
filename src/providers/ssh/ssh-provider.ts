/** The ssh provider: machines that somebody has already. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { noKnownIds } from "../../cluster/known-ids.ts";
import { resolveCluster } from "../../cluster/resolve.ts";
import { resolveTarget } from "../../hosts/ssh/target.ts";
import type { Spec } from "../../spec/schema.ts";
import type { Provider, Surroundings } from "../provider.ts";
import { sshPlatform } from "./platform.ts";
import { remoteMachines } from "./remote-machines.ts";

type SshSpec = Extract<Spec["provider"], { type: "ssh" }>;

export async function sshProvider(
  spec: Spec,
  provider: SshSpec,
  folder: string,
  around: Surroundings,
): Promise<Provider> {
  const named = resolveCluster(spec, sshPlatform(spec.name), noKnownIds).nodes;
  const platform = sshPlatform(spec.name, await addressesOf(named));
  const nodes = named.map(({ name }) => name);
  const remote = remoteMachines(
    spec,
    {
      platform: () => platform,
      nodes: () => nodes,
      machineOf: () => "",
      targetOf: (node, receipts) => {
        const address = named.find(({ name }) => name === node)?.address ?? receipts.addressOf(node) ?? node;
        const nodeUser = spec.nodes.some(({ name }) => name === node) ? userIn(spec, node) : receipts.userOf(node);
        return resolveTarget({ node, address, provider, nodeUser }, { ...around, folder });
      },
    },
    around,
  );
  remote.layTunnels();
  return {
    ...remote.provider,
    platform,
    fleet: null,
    lock: remote.lock,
    takeIn: async (wanted) => {
      const more = wanted.filter((node) => !nodes.includes(node));
      if (more.length === 0) return;
      nodes.push(...more);
      await remote.lockMore(more);
      await remote.receipts.read();
    },
  };
}

function userIn(spec: Spec, node: string): string | undefined {
  return spec.nodes.find(({ name }) => name === node)?.user;
}

/** What names of DNS stand for; those that DNS does not know are the connection's to complain of. */
async function addressesOf(
  nodes: readonly { readonly name: string; readonly address: string }[],
): Promise<Readonly<Record<string, string>>> {
  const found = await Promise.all(
    nodes.map(async ({ name, address }) => {
      if (isIP(address) !== 0) return [[name, address] as const];
      try {
        return [[name, (await lookup(address)).address] as const];
      } catch {
        return [];
      }
    }),
  );
  return Object.fromEntries(found.flat());
}
