/** What `up` would change; touches nothing. */
import { KctlError, type Fault } from "../fault.ts";
import type { Change } from "../plan/change.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { serverJava } from "./server-java.ts";
import { survey } from "./survey.ts";

export async function plan(
  context: Context,
): Promise<{ readonly changes: readonly Change[]; readonly refused: readonly Fault[] }> {
  const { spec, provider } = await openCluster(context);
  const { plan: made } = await survey(
    spec,
    provider,
    (receipt, cache) => serverJava(spec, receipt, cache, context),
    context,
  );
  if (made.obstacles.length > 0) throw new KctlError(made.obstacles);
  return { changes: made.changes, refused: made.refusals };
}
