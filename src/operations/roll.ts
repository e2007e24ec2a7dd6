/**
 * Restarts running servers, one at a time:
 * 1. Role by role in the order in which roles start: ZooKeeper servers, controllers, brokers, Connect's workers.
 * 2. Within a role those that do not serve first, then the others; last the one that leads (ZooKeeper's leader, the active
 *    controller, with ZooKeeper the broker that is the controller). Who that is is asked anew before each step.
 * 3. Each is asked whether it may go, with what was seen just then (`roll/decide.ts`, `kafka/may-restart.ts`): the quorum must
 *    outlive it; every other broker must be up; no partition may fall below its min.insync.replicas or lose its last replica
 *    in sync. What no waiting could make safe goes all the same, with a warning that names it.
 * 4. A gate that is shut is waited for; brokers that load their logs are never killed for that, and each line of it is progress.
 * 5. Servers that do not serve and that nothing counts on are restarted together: those of a lost quorum need each other.
 * 6. A server that was restarted must serve; a broker must be registered everywhere, have all its replicas back in sync, and is
 *    then given the partitions back that it is to lead.
 * 7. Whatever fails ends the roll, and it says which servers are left. What a server was started with stands in its command
 *    line, so the next `up` goes on with those that are left, and with nothing else.
 * 8. An interruption takes effect between two servers: one that was stopped is started again.
 * 9. Under `--canary` records go through the brokers all the while, and the roll ends before the next server where one was
 *    lost, doubled, reordered or late (`roll/watch.ts`).
 */
import { KctlError, faultsOf } from "../fault.ts";
import type { DesiredProcess } from "../services/desired.ts";
import { mustStillHold } from "../providers/must-still-hold.ts";
import type { Lock } from "../providers/provider.ts";
import { servicesInOrder } from "../services/registry.ts";
import type { Context } from "./context.ts";
import { gate } from "./roll/gate.ts";
import { looker, processOf, type Look } from "./roll/look.ts";
import { restartServer } from "./roll/restart-server.ts";
import type { Steps } from "./roll/steps.ts";
import { nobody, type Watch } from "./roll/watch.ts";
import type { Survey } from "./survey.ts";

export type RollOptions = {
  readonly steps: Steps;
  readonly lock: Pick<Lock, "stillHeld">;
  readonly watch?: Watch;
  /** What to do about those that are left when it stops. */
  readonly goOn: (left: readonly string[]) => string;
};

export async function roll(
  members: readonly DesiredProcess[],
  survey: Survey,
  context: Context,
  { steps, lock, goOn, watch = nobody }: RollOptions,
): Promise<void> {
  const look = looker(survey, context.signal);
  let left = servicesInOrder.flatMap(({ role }) => members.filter((process) => process.role === role));
  while (left.length > 0) {
    context.signal.throwIfAborted();
    try {
      await watch.begin(survey);
      const next = await mayGo(left, look, context, steps);
      if (next === null) return;
      await mustStillHold(lock);
      await watch.before(next);
      await allOf(next.map((key) => restartServer(processOf(survey, key), survey, context)));
      left = left.filter(({ key }) => !next.includes(key));
      await watch.after(next);
    } catch (error) {
      if (!(error instanceof KctlError) || context.signal.aborted) throw error;
      throw withTheRest(
        error,
        left.map(({ key }) => key),
        goOn,
      );
    }
  }
}

/** Resolves once all are done; throws all failures as one. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const failures = (await Promise.allSettled(works)).flatMap((one) =>
    one.status === "rejected" ? [one.reason as unknown] : [],
  );
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new KctlError(failures.flatMap(faultsOf));
}

function withTheRest(error: KctlError, left: readonly string[], goOn: RollOptions["goOn"]): KctlError {
  if (left.length === 0) return error;
  const rest = `still to be restarted: ${left.join(", ")}; ${goOn(left)}`;
  const last = error.faults.length - 1;
  const faults = error.faults.map((fault, index) =>
    index === last ? { ...fault, fix: fault.fix === undefined ? rest : `${fault.fix}; ${rest}` } : fault,
  );
  return new KctlError(faults, { cause: error });
}

/** Those that go now; null where the steps end here. */
async function mayGo(
  left: readonly DesiredProcess[],
  look: Look,
  context: Context,
  steps: Steps,
): Promise<readonly string[] | null> {
  const role = left[0]?.role;
  if (role === undefined) return [];
  const ofRole = new Set(left.filter((process) => process.role === role).map(({ key }) => key));
  const open = () => gate(role, ofRole, look, context);
  for (let opened = await open(); ;) {
    const may = await steps.mayGo(
      opened.keys,
      left.map(({ key }) => key),
    );
    if (!may) return null;
    const now = steps.asks ? await open() : opened;
    if (now.keys.join() !== opened.keys.join()) {
      opened = now;
      continue;
    }
    for (const what of now.warnings) context.emit({ type: "warning", fault: { code: "unhealthy", what } });
    return now.keys;
  }
}
