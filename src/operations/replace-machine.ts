/**
 * Ends a machine that another is to take the place of: each of its servers is asked whether it may go, as in a roll, and stopped in
 * order; only then, and once EC2 says that it has ended, may the next one take its volume over.
 */
import { servicesInOrder } from "../services/registry.ts";
import type { Change } from "../plan/change.ts";
import { mustStillHold } from "../providers/must-still-hold.ts";
import type { Lock } from "../providers/provider.ts";
import type { Context } from "./context.ts";
import { gate } from "./roll/gate.ts";
import { looker } from "./roll/look.ts";
import { mustReachAll, type Survey } from "./survey.ts";

type Replacement = Extract<Change, { kind: "cloud" }>;

/** One machine at a time, and only when all else is as it should be. */
export function nextReplacement(changes: readonly Change[]): Replacement | null {
  for (const change of changes) if (change.kind === "cloud" && change.step.kind === "replacement") return change;
  return null;
}

export async function endMachine(change: Replacement, survey: Survey, context: Context, lock: Lock): Promise<void> {
  const { emit, signal } = context;
  const node = change.node ?? "";
  const started = performance.now();
  const about = { key: change.key, title: change.title, node };
  mustReachAll(survey);
  emit({ type: "change-started", ...about });
  const look = looker(survey, signal);
  const processes = survey.desired.hosts.find((host) => host.node === node)?.processes ?? [];
  for (const { role } of servicesInOrder.toReversed()) {
    const process = processes.find((one) => one.role === role);
    const running = process === undefined ? undefined : survey.observed.hosts[node]?.processes[process.key];
    if (process === undefined || running?.state !== "running") continue;
    const { warnings } = await gate(role, new Set([process.key]), look, context);
    for (const what of warnings) emit({ type: "warning", fault: { code: "unhealthy", what } });
    await mustStillHold(lock);
    await survey.hosts.get(node)?.stop(running, process.stopSeconds, signal);
  }
  await mustStillHold(lock);
  await survey.provider.fleet?.end(node);
  emit({ type: "change-done", ...about, seconds: (performance.now() - started) / 1000 });
}
