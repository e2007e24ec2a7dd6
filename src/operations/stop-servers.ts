/** Stops the servers of a cluster in the reverse of the order in which they start: brokers first, those of a role side by side. */
import { KctlError, faultsOf } from "../fault.ts";
import type { Host } from "../hosts/host.ts";
import type { RunningProcess } from "../plan/observed.ts";
import type { DesiredProcess } from "../services/desired.ts";
import { service, servicesInOrder } from "../services/registry.ts";
import type { Context } from "./context.ts";
import type { LookedAt } from "./recorded-cluster.ts";

/** How each process is ended. */
export type End = (host: Host, running: RunningProcess, process: DesiredProcess) => Promise<void>;

type Stoppable = {
  readonly host: Host;
  readonly process: DesiredProcess;
  /** More than one where there are some too many. */
  readonly running: readonly RunningProcess[];
};

export function runningServers(looked: readonly LookedAt[]): readonly Stoppable[] {
  return looked.flatMap(({ wanted, host, seen }) =>
    wanted.processes.flatMap((process): readonly Stoppable[] => {
      const running = seen.processes[process.key];
      if (running?.state !== "running") return [];
      return [{ host, process, running: [running, ...(running.extras ?? [])] }];
    }),
  );
}

/** @returns how many processes were stopped */
export async function stopServers(servers: readonly Stoppable[], end: End, { emit, signal }: Context): Promise<number> {
  for (const { role } of servicesInOrder.toReversed()) {
    const ofRole = servers.filter(({ process }) => process.role === role);
    const ended = await Promise.allSettled(ofRole.map((server) => stopServer(server, end, emit)));
    const failures = ended.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    if (failures.length > 0) signal.throwIfAborted();
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new KctlError(failures.flatMap(faultsOf));
  }
  return servers.reduce((sum, { running }) => sum + running.length, 0);
}

async function stopServer({ host, process, running }: Stoppable, end: End, emit: Context["emit"]): Promise<void> {
  const started = performance.now();
  const key = `stop ${process.key}`;
  const title = `stop ${service(process.role).title} on ${process.node}`;
  emit({ type: "change-started", key, title, node: process.node });
  await Promise.all(running.map((one) => end(host, one, process)));
  emit({ type: "change-done", key, title, seconds: (performance.now() - started) / 1000, node: process.node });
}
