/** Makes the cluster what the spec says, from nothing or from any earlier or half-made state, then verifies it. */
import { KctlError } from "../fault.ts";
import type { Change } from "../plan/change.ts";
import { awaitHealth } from "./await-health.ts";
import { bootstrapOf } from "./client-addresses.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { execute } from "./execute.ts";
import { randomId } from "./fresh-id.ts";
import { openCluster } from "./open-cluster.ts";
import { performer } from "./perform.ts";
import { serverJava } from "./server-java.ts";
import { survey } from "./survey.ts";
import { withLock } from "./with-lock.ts";

export type UpResult = {
  readonly changed: number;
  readonly cluster: string;
  readonly bootstrap: string;
  readonly software: string;
};

export async function up(context: Context, { yes }: { readonly yes: boolean }): Promise<UpResult> {
  const { spec, provider } = await openCluster(context);
  return withLock(provider, "up", async (lock) => {
    const seen = await survey(spec, provider, (receipt) => serverJava(spec, receipt, context), context, randomId);
    if (seen.plan.obstacles.length > 0) throw new KctlError(seen.plan.obstacles);
    if (!yes) await askAboutRestarts(seen.plan.changes, context);
    const { changed, faults } = await execute(seen.plan.changes, performer(seen, context, lock), context);
    if (faults.length > 0) throw new KctlError(faults);
    await awaitHealth(seen, context);
    return { changed, cluster: seen.cluster.name, bootstrap: bootstrapOf(seen.cluster), software: seen.kafkaFolder };
  });
}

async function askAboutRestarts(changes: readonly Change[], context: Context): Promise<void> {
  const restarts = changes.flatMap((change) => (change.kind === "roll" ? change.members : []));
  if (restarts.length === 0) return;
  await confirm(`This restarts ${restarts.join(", ")}, one at a time. Go on? [y/N] `, "y", context);
}
