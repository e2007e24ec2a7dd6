/** Archives that a new machine may begin to fetch while it boots: those whose digest and web address are known here already. */
import { incomingFolder } from "../hosts/ssh/unpack-software.ts";
import type { FleetOptions } from "../providers/provider.ts";
import type { Survey } from "./survey.ts";

export async function prefetchable({ cache, desired }: Survey, node: string | null): Promise<FleetOptions["prefetch"]> {
  const { saidToBe } = await import("../artifacts/store.ts");
  // What nothing of it runs from would be left lying there.
  const software = desired.hosts.find((host) => host.node === node)?.machine?.software ?? [];
  const found = await Promise.all(software.map(async ({ artifact }) => saidToBe(cache, artifact)));
  return found.flatMap((one) =>
    one === null || !/^https?:/.test(one.source)
      ? []
      : [{ url: one.source, path: `${incomingFolder}/${one.sha512.slice(0, 32)}.part`, sha512: one.sha512 }],
  );
}
