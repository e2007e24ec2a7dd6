/** Carries out a graph of changes: each as soon as what must come before it is done, as many side by side as allowed. */
import { isDeepStrictEqual } from "node:util";
import pLimit from "p-limit";
import { KctlError, faultsOf, type Fault } from "../fault.ts";
import { changesSomething, type Change } from "../plan/change.ts";
import type { Emit, Step, WaitsFor } from "../report/events.ts";

/**
 * Makes one change and resolves when it is seen to be true. It calls `begun` once others may count on it being under
 * way; from then on it only waits, and gives its place to the next.
 */
export type Perform = (change: Change, begun: () => void, failed: ReadonlySet<string>) => Promise<void>;

export type Outcome = { readonly changed: number; readonly skipped: number; readonly faults: readonly Fault[] };

const now = (work: () => Promise<void>): Promise<void> => work();

type Milestones = { readonly begun: PromiseWithResolvers<void>; readonly done: PromiseWithResolvers<void> };

class Skipped extends Error {}

export type ExecuteOptions = {
  /** How many changes are carried out side by side at most. */
  readonly concurrency: number;
  /** So many on each node, which has a machine of its own. */
  readonly perNode?: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Those that count for nothing. */
  readonly isLight?: (change: Change) => boolean;
};

export async function execute(changes: readonly Change[], perform: Perform, options: ExecuteOptions): Promise<Outcome> {
  const { emit, signal, isLight = () => false } = options;
  const limitOf = limitsOf(options);
  const failed = new Set<string>();
  const faults: Fault[] = [];
  const undone: Change[] = [];
  let changed = 0;
  const skipped = new Set<Change>();
  const milestones = milestonesOf(changes);
  emit({ type: "steps", steps: changes.map(stepOf) });

  const run = async (change: Change, { begun, done }: Milestones): Promise<void> => {
    try {
      await whatComesBefore(change, milestones);
      const started = performance.now();
      let work: Promise<void> | undefined;
      // What goes with others in one script costs nothing of its own, and must not wait for its turn.
      await (isLight(change) ? now : limitOf(change))(async () => {
        if (signal.aborted) throw new Skipped();
        emit({ type: "change-started", key: change.key, title: change.title, ...nodeOf(change) });
        work = perform(change, begun.resolve, failed);
        await Promise.race([work, begun.promise]);
      });
      await work;
      if (changesSomething(change)) changed += 1;
      emit({
        type: "change-done",
        key: change.key,
        title: change.title,
        seconds: (performance.now() - started) / 1000,
        ...nodeOf(change),
      });
      begun.resolve();
      done.resolve();
    } catch (error) {
      failed.add(change.key);
      undone.push(change);
      begun.reject(error);
      done.reject(error);
      if (error instanceof Skipped) {
        skipped.add(change);
        return;
      }
      for (const one of faultsOf(error)) {
        const fault = { ...nodeOf(change), ...one };
        // Several changes may fail for the same reason: it is told once.
        if (!faults.some((known) => isDeepStrictEqual(known, fault))) faults.push(fault);
        emit({ type: "change-failed", key: change.key, title: change.title, fault });
      }
    }
  };
  await Promise.all(
    changes.map((change) =>
      run(change, milestones.get(change.key) ?? { begun: Promise.withResolvers(), done: Promise.withResolvers() }),
    ),
  );
  const waited = [...skipped].filter(changesSomething);
  if (!signal.aborted && faults.length > 0 && waited.length > 0)
    emit({ type: "message", text: `not done, since what they need failed: ${titlesOf(waited)}` });
  if (signal.aborted)
    return { changed, skipped: skipped.size, faults: [...real(faults), ...interruption(signal, undone)] };
  return { changed, skipped: skipped.size, faults };
}

type Limit = (work: () => Promise<void>) => Promise<void>;

function limitsOf({ concurrency, perNode = false }: ExecuteOptions): (change: Change) => Limit {
  const limits = new Map<string | null, Limit>();
  return ({ node }) => {
    const whose = perNode ? node : null;
    const limit = limits.get(whose) ?? pLimit(concurrency);
    limits.set(whose, limit);
    return limit;
  };
}

function milestonesOf(changes: readonly Change[]): ReadonlyMap<string, Milestones> {
  const milestones = new Map(
    changes.map(({ key }): [string, Milestones] => [
      key,
      { begun: Promise.withResolvers(), done: Promise.withResolvers() },
    ]),
  );
  for (const { begun, done } of milestones.values()) {
    // Whoever depends on a change sees its failure; nobody depending on it is no fault.
    begun.promise.catch(() => undefined);
    done.promise.catch(() => undefined);
  }
  return milestones;
}

async function whatComesBefore({ kind, after }: Change, milestones: ReadonlyMap<string, Milestones>): Promise<void> {
  const before = await Promise.allSettled(after.map(async ({ key, until }) => milestones.get(key)?.[until].promise));
  const lacking = before.filter(({ status }) => status === "rejected").length;
  // A gate judges for itself whether those that are left are enough.
  if (lacking > 0 && (kind !== "gate" || lacking === before.length)) throw new Skipped();
}

/** Those that are more than an echo of the interruption. */
const real = (faults: readonly Fault[]): readonly Fault[] => faults.filter(({ code }) => code !== "interrupted");

function stepOf(change: Change): Step {
  const waitsFor = waitsForOf(change);
  const after = change.after.map(({ key }) => key);
  return { key: change.key, title: change.title, ...nodeOf(change), after, ...(waitsFor === null ? {} : { waitsFor }) };
}

function waitsForOf(change: Change): WaitsFor | null {
  switch (change.kind) {
    case "cloud":
      return machineSteps.has(change.step.kind) ? "machines" : null;
    case "process":
    case "gate":
    case "roll":
    case "voter":
    case "class-archive":
      return "servers";
    case "artifact":
      return "downloads";
    case "machine":
      if (change.step.kind === "software") return "downloads";
      return machinesOwnWork.has(change.step.kind) ? "machines" : null;
    default:
      return null;
  }
}

/** A machine boots and makes its host keys; EC2 changes its state, or a volume's. */
const machineSteps: ReadonlySet<string> = new Set([
  "instance",
  "arrival",
  "power",
  "volume",
  "attachment",
  "host-keys",
]);
/** Its package manager installs Java, and what a volume is formatted with. */
const machinesOwnWork: ReadonlySet<string> = new Set(["java", "volume"]);

function nodeOf({ node }: Change): { node?: string } {
  return node === null ? {} : { node };
}

function titlesOf(changes: readonly Change[]): string {
  const titles = changes.map(({ title }) => title);
  return titles.length > 5 ? `${titles.slice(0, 5).join(", ")} and ${titles.length - 5} more` : titles.join(", ");
}

/** What stopped it, with what is left to do. */
function interruption({ reason }: AbortSignal, undone: readonly Change[]): readonly Fault[] {
  const faults = faultsOf(
    reason instanceof Error ? reason : new KctlError({ code: "interrupted", what: "interrupted" }),
  );
  const left = undone.filter(changesSomething);
  if (left.length === 0) return faults;
  const titles = titlesOf(left);
  return faults.map((fault) =>
    fault.code === "interrupted" ? { ...fault, what: `${fault.what}; left to do: ${titles}` } : fault,
  );
}
