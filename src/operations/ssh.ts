/** How the system's own ssh is called to reach a node, with everything that the spec says. */
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError } from "../fault.ts";
import type { Context } from "./context.ts";
import { mustBeNode } from "./must-be-node.ts";
import { openCluster } from "./open-cluster.ts";

export async function sshCommand(
  context: Context,
  node: string,
  command: readonly string[],
): Promise<readonly string[]> {
  const { spec, provider } = await openCluster(context);
  mustBeNode(node, spec.name, resolveCluster(spec, provider.platform, noKnownIds));
  if (provider.login === null)
    throw new KctlError({
      code: "usage",
      what: `${node} is a folder of this machine: there is nowhere to log in to`,
      fix: `look into ${provider.platform.root}`,
    });
  return ["ssh", ...(await provider.login(node)), ...(command.length === 0 ? [] : ["--", ...command])];
}
