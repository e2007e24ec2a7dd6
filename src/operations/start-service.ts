/** Starts one service and waits until it serves, or says why it does not. */
import { KctlError, type Fault } from "../fault.ts";
import { ephemeralNodes } from "../kafka/four-letter.ts";
import { recoveryIn } from "../kafka/log-recovery.ts";
import { offsetsTopicServes } from "../kafka/offsets-topic.ts";
import type { Host } from "../hosts/host.ts";
import { meaningfulLines } from "../hosts/log-lines.ts";
import type { RunningProcess } from "../plan/observed.ts";
import type { DesiredProcess } from "../services/desired.ts";
import type { Context } from "./context.ts";
import { serves } from "./probe.ts";
import { lessAndLessOften, waitUntil } from "./wait-until.ts";

const tailBytes = 64 * 1024;

async function fault(
  code: Fault["code"],
  what: string,
  fix: string,
  process: DesiredProcess,
  host: Host,
): Promise<KctlError> {
  const [consoleText, logText] = await Promise.all([
    host.tail(process.console, tailBytes),
    host.tail(process.log, tailBytes),
  ]);
  const lines = meaningfulLines(consoleText, logText);
  return new KctlError({
    code,
    node: process.node,
    where: process.log,
    what,
    fix,
    ...(lines === "" ? {} : { detail: lines }),
  });
}

export type StartOptions = {
  readonly begun: () => void;
  /** A sentence once it is certain that it can never serve (its ensemble's peers failed); null until then. */
  readonly hopeless: () => string | null;
};

export async function startService(
  process: DesiredProcess,
  host: Host,
  context: Context,
  { begun, hopeless }: StartOptions,
): Promise<RunningProcess> {
  await untilUnregistered(process, context);
  await untilOffsetsAreKept(process, context);
  const running = await host.start(process);
  begun();
  await untilServing(process, running, host, context, hopeless);
  return running;
}

/** Throws, with what its log says, where it has ended. */
export async function mustBeAlive(process: DesiredProcess, running: RunningProcess, host: Host): Promise<void> {
  if (await host.isAlive(running)) return;
  throw await fault(
    "service-died",
    `${process.key} ended while it was starting`,
    "mend what its log says, then run `kctl up` again: it goes on from here",
    process,
    host,
  );
}

/** Resolves once the process serves; throws when it ends, cannot serve any more, or takes too long. */
async function untilServing(
  process: DesiredProcess,
  running: RunningProcess,
  host: Host,
  context: Context,
  hopeless: () => string | null,
): Promise<void> {
  const { emit, signal, timeoutSeconds } = context;
  let recovering: string | null = null;
  const what = (): string => `${process.key} to ${recovering === null ? "serve" : "load its logs"}`;
  const started = performance.now();
  const lookAtIt = lessAndLessOften(host.patienceMs, async () => {
    // A broker that was killed reads its logs through before it serves: killing it for that only makes it begin anew.
    const reads = process.probe.kind === "kafka" && performance.now() - started >= 4 * host.patienceMs;
    const log = reads ? host.tail(process.log, tailBytes) : Promise.resolve("");
    const [, text] = await Promise.all([mustBeAlive(process, running, host), log]);
    recovering = recoveryIn(text);
  });
  const ready = await waitUntil(
    async () => {
      if (await serves(process.probe, signal)) return true;
      await lookAtIt();
      const why = hopeless();
      if (why !== null)
        throw await fault(
          "service-not-ready",
          `${process.key} runs but cannot serve: ${why}`,
          "mend the others first, then run `kctl up` again",
          process,
          host,
        );
      return false;
    },
    {
      key: `start ${process.key}`,
      what,
      timeoutSeconds,
      emit,
      signal,
      progress: () => recovering,
      // Where a question is not for nothing, none is asked of a server that cannot be up yet.
      ...(host.patienceMs > 0 ? { firstPauseMs: 200 } : {}),
    },
  );
  if (!ready)
    throw await fault(
      "service-not-ready",
      `${process.key} runs but did not serve within ${timeoutSeconds} s`,
      "look at its log; give it longer with --timeout, or run `kctl up` again: it goes on from here",
      process,
      host,
    );
}

/** Waits for the registration of a killed predecessor to go; where nobody can be asked, the server itself will say. */
async function untilUnregistered(
  { key, registration }: DesiredProcess,
  { emit, signal, timeoutSeconds }: Context,
): Promise<void> {
  if (registration === undefined) return;
  const { path, servers } = registration;
  await waitUntil(
    async () => {
      const seen = await Promise.all(servers.map(({ address, port }) => ephemeralNodes(address, port, signal)));
      return !seen.some((nodes) => nodes?.has(path) === true);
    },
    { key: `start ${key}`, what: `ZooKeeper to forget the ${key} that was killed`, timeoutSeconds, emit, signal },
  );
}

/** Where it does not come, the server itself will say so. */
async function untilOffsetsAreKept(
  { key, role, readsOffsetsOf }: DesiredProcess,
  { emit, signal, timeoutSeconds }: Context,
): Promise<void> {
  if (readsOffsetsOf === undefined) return;
  await waitUntil(() => offsetsTopicServes(readsOffsetsOf, role, signal), {
    key: `start ${key}`,
    what: "the topic of committed offsets",
    timeoutSeconds,
    emit,
    signal,
  });
}
