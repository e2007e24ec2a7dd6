/** What `topics apply` would change; touches nothing. */
import type { Fault } from "../../fault.ts";
import type { Change } from "../../plan/change.ts";
import type { Context } from "../context.ts";
import { openCluster } from "../open-cluster.ts";
import { lookAtTopics } from "./look-at-topics.ts";

export type TopicsPlanned = { readonly changes: readonly Change[]; readonly refused: readonly Fault[] };

/** @param throttle bytes a second */
export async function planTopics(context: Context, throttle: number): Promise<TopicsPlanned> {
  const { plan } = await lookAtTopics(await openCluster(context), throttle, context);
  return { changes: plan.changes, refused: plan.refusals };
}
