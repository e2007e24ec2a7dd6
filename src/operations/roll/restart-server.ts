/** Restarts one server in order, and waits until it is what it was before. */
import type { DesiredProcess } from "../../services/desired.ts";
import type { Context } from "../context.ts";
import { mustBeAlive, startService } from "../start-service.ts";
import type { Survey } from "../survey.ts";
import { atMostEvery } from "../wait-until.ts";
import { awaitBack } from "./back.ts";
import { handBack } from "./hand-back.ts";

export async function restartServer(process: DesiredProcess, survey: Survey, context: Context): Promise<void> {
  const { key, node, role } = process;
  const host = survey.hosts.get(node);
  const seen = survey.observed.hosts[node]?.processes[key];
  if (host === undefined || seen?.state !== "running")
    throw new RangeError(`${key} is to be restarted, and does not run`);
  const started = performance.now();
  const title = `restart ${key}`;
  // Whoever interrupts gets back a server that was stopped.
  context.emit({ type: "change-started", key: title, title, node, finishes: true });
  const toItsEnd = { ...context, signal: new AbortController().signal };
  await host.stop(seen, process.stopSeconds, toItsEnd.signal);
  const running = await startService(process, host, toItsEnd, { begun: () => undefined, hopeless: () => null });
  if (role === "broker") {
    const stillThere = atMostEvery(host.patienceMs, () => mustBeAlive(process, running, host));
    await awaitBack(key, survey, context, stillThere);
    await handBack(key, survey, context);
  }
  context.emit({ type: "change-done", key: title, title, seconds: (performance.now() - started) / 1000, node });
}
