/** Every file that each node would get, without touching any of them. */
import { cacheFolder } from "../artifacts/cache.ts";
import { parseReceipt } from "../plan/receipt.ts";
import type { DesiredFile } from "../services/desired.ts";
import type { Context } from "./context.ts";
import { idAfterUp } from "./fresh-id.ts";
import { openCluster } from "./open-cluster.ts";
import { serverJava, unknownJava } from "./server-java.ts";
import { pastOf, wantedBy } from "./wanted.ts";

export async function render(
  context: Context,
): Promise<{ readonly files: readonly (DesiredFile & { readonly node: string })[]; readonly root: string }> {
  const { spec, provider } = await openCluster(context);
  const text = await provider.readReceipt();
  const receipt = text === null ? null : parseReceipt(text);
  const cache = cacheFolder(context.env, context.platform, context.home);
  const java = await serverJava(spec, receipt, cache, context).catch(() => unknownJava);
  const want = await wantedBy(spec, provider, java, cache, idAfterUp);
  const { desired } = want(pastOf(receipt));
  return {
    root: provider.platform.root,
    files: desired.hosts.flatMap(({ node, files }) => files.map((file) => ({ ...file, node }))),
  };
}
