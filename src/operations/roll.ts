/**
 * Restarts running servers, one at a time:
 * 1. role by role, in the order in which roles start;
 * 2. within a role those that lead nothing first (ZooKeeper's leader and Kafka's controller last, asked anew each time);
 * 3. each only while all of its peers serve and, for brokers, no replica is missing from its ISR;
 * 4. the next one only once this one serves again, and its replicas are back in sync.
 * It stops at the first gate that does not open; the next `up` goes on with those that still run on old inputs. Only
 * where those themselves do not serve are they restarted all the same: what keeps them from it may be what has changed.
 * Who interrupts the roll does so between two servers: one that was stopped is started again.
 */
import { KctlError } from "../fault.ts";
import { activeController } from "../kafka/controller-serves.ts";
import { kafkaView } from "../kafka/view.ts";
import { zookeeperMode } from "../kafka/four-letter.ts";
import type { DesiredProcess } from "../services/desired.ts";
import { servicesInOrder } from "../services/registry.ts";
import { awaitHealth } from "./await-health.ts";
import type { Context } from "./context.ts";
import { serves } from "./probe.ts";
import { startService } from "./start-service.ts";
import type { Survey } from "./survey.ts";
import { waitUntil } from "./wait-until.ts";

export async function roll(members: readonly DesiredProcess[], survey: Survey, context: Context): Promise<void> {
  for (const { role } of servicesInOrder) {
    const left = new Set(members.filter((process) => process.role === role));
    while (left.size > 0) {
      context.signal.throwIfAborted();
      const next = await mayGo(role, [...left], survey, context);
      await Promise.all(next.map((process) => restart(process, survey, context)));
      for (const process of next) left.delete(process);
    }
    if (role === "broker" && members.some((process) => process.role === role)) await awaitHealth(survey, context);
  }
}

/** One, once the gate opens; where it does not, all those that do not serve: they may need each other to. */
async function mayGo(
  role: DesiredProcess["role"],
  left: readonly DesiredProcess[],
  survey: Survey,
  context: Context,
): Promise<readonly DesiredProcess[]> {
  try {
    await gate(role, survey, context);
  } catch (error) {
    const serving = await Promise.all(
      left.map(async ({ probe }) => serves(probe, context.signal).catch(() => context.signal.throwIfAborted())),
    );
    const down = left.filter((_, index) => serving[index] !== true);
    if (down.length === 0) throw error;
    return down;
  }
  return [await pick(left, context.signal)];
}

/** Opens when every server of the role serves and, for brokers, the cluster is well. */
async function gate(role: DesiredProcess["role"], survey: Survey, context: Context): Promise<void> {
  if (role === "broker") {
    await awaitHealth(survey, context);
    return;
  }
  const peers = survey.desired.hosts.flatMap(({ processes }) => processes).filter((process) => process.role === role);
  const { signal, emit, timeoutSeconds } = context;
  const open = await waitUntil(
    async () => (await Promise.all(peers.map(({ probe }) => serves(probe, signal)))).every(Boolean),
    { key: "roll", what: `every ${role} to serve before the next restart`, timeoutSeconds, emit, signal },
  );
  if (open) return;
  throw new KctlError({
    code: "unhealthy",
    what: `the roll stopped: not every ${role} serves`,
    fix: "look at `kctl status`; once they serve, `kctl up` goes on from here",
  });
}

async function leads({ probe }: DesiredProcess, signal: AbortSignal): Promise<boolean> {
  switch (probe.kind) {
    case "zookeeper":
      return (await zookeeperMode(probe.address, probe.port, signal)) === "leader";
    case "controller":
      return (await activeController(probe.address, probe.port, signal)) === probe.id;
    case "kafka":
      return (await kafkaView([{ host: probe.address, port: probe.port }], signal))?.controllerId === probe.brokerId;
  }
}

async function pick(left: readonly DesiredProcess[], signal: AbortSignal): Promise<DesiredProcess> {
  const leading = await Promise.all(left.map((process) => leads(process, signal)));
  const next = left.find((_, index) => leading[index] === false) ?? left[0];
  if (next === undefined) throw new RangeError("nothing is left to restart");
  return next;
}

async function restart(process: DesiredProcess, survey: Survey, context: Context): Promise<void> {
  const host = survey.hosts.get(process.node);
  const seen = survey.observed.hosts[process.node]?.processes[process.key];
  if (host === undefined || seen?.state !== "running")
    throw new RangeError(`${process.key} is to be restarted, and does not run`);
  const started = performance.now();
  const title = `restart ${process.key}`;
  context.emit({ type: "change-started", key: title, title, node: process.node });
  const toItsEnd = { ...context, signal: new AbortController().signal };
  await host.stop(seen, process.stopSeconds, toItsEnd.signal);
  await startService(process, host, toItsEnd, { begun: () => undefined, hopeless: () => null });
  context.emit({
    type: "change-done",
    key: title,
    title,
    seconds: (performance.now() - started) / 1000,
    node: process.node,
  });
}
