/** Writes /etc/hosts of a machine, unless somebody else did since it was looked at. */
import { KctlError } from "../fault.ts";
import type { MachineHands } from "../hosts/host.ts";

export async function writeHosts(
  hands: Pick<MachineHands, "writeHostsFile">,
  change: { readonly former: string | null; readonly content: string },
  { node, command }: { readonly node: string; readonly command: string },
): Promise<void> {
  if ((await hands.writeHostsFile(change)) === "written") return;
  throw new KctlError({
    code: "host-io",
    node,
    where: "/etc/hosts",
    what: `/etc/hosts of ${node} was changed by somebody else while kctl was at work, and was left`,
    fix: `run \`kctl ${command}\` again: it starts from what is there now`,
  });
}
