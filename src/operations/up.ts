/** Makes the cluster what the spec says, from nothing or from any earlier or half-made state, then verifies it. */
import { KctlError, type Fault } from "../fault.ts";
import { changesSomething, type Change } from "../plan/change.ts";
import { doneAgain } from "../plan/done-again.ts";
import type { Receipt } from "../plan/receipt.ts";
import { startsOf } from "../plan/starts.ts";
import type { Spec } from "../spec/schema.ts";
import type { Lock } from "../providers/provider.ts";
import { awaitHealth } from "./await-health.ts";
import { bootstrapOf, externalBootstrapOf } from "./client-addresses.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { execute, type Outcome } from "./execute.ts";
import { endMachine, nextReplacement } from "./replace-machine.ts";
import { randomId } from "./fresh-id.ts";
import { openCluster, type OpenCluster } from "./open-cluster.ts";
import { paceOf, performer } from "./perform.ts";
import { factsQuestions, preflight } from "./preflight.ts";
import { allAtOnce, stepByStep, type Steps } from "./roll/steps.ts";
import { watched, type Watch } from "./roll/watch.ts";
import { allOfIt, reviewedOnly } from "./scope.ts";
import { serverJava } from "./server-java.ts";
import { survey, type Survey } from "./survey.ts";
import type { ServerJava } from "./wanted.ts";

export type UpResult = {
  readonly changed: number;
  readonly cluster: string;
  readonly bootstrap: string;
  readonly externalBootstrap: string | null;
  readonly software: string;
  /** What the tools there must be told, since no Java of this machine fits; null where they find one. */
  readonly javaHome: string | null;
  /** A node where the software is; null: it is here. */
  readonly on: string | null;
  /** What the spec asks for and kctl does not do: all else was done. */
  readonly refused: readonly Fault[];
  /** Servers that are still to be restarted, where the roll goes step by step. */
  readonly left: readonly string[];
  /** The moment at which it ends itself; null: it stays. */
  readonly expires: string | null;
  /** What came to light and does not stand in the reviewed plan: it was left. */
  readonly notInPlan: readonly string[];
};

export type UpOptions = {
  readonly yes: boolean;
  readonly step: boolean;
  /** In seconds, in the place of the spec's; null: as that says. */
  readonly ttl: number | null;
  /** The file of a plan that was reviewed; null: all that the spec asks for. */
  readonly plan: string | null;
  /** Told of how many things were changed, round by round, also of one that failed. */
  readonly onChanged: (count: number) => void;
  /** What looks on while servers are restarted. */
  readonly watch: Watch;
};

export async function up(given: Context, { yes, step, ttl, plan, onChanged, watch }: UpOptions): Promise<UpResult> {
  const open = await openCluster(given, (spec) => withTtl(spec, ttl));
  const scope = plan === null ? allOfIt : await reviewedOnly(plan, open, given);
  const steps = step ? stepByStep(given) : allAtOnce;
  const changing = { provider: open.provider, command: "up", context: given };
  return watched(changing, watch, async (context, lock) => {
    let changed = 0;
    let before: readonly Change[] = [];
    let silent = 0;
    let isWell = false;
    // What a change brings to light (an id that Kafka gave, topics of a cluster that was down) is looked at in another round.
    for (;;) {
      const seen = scope.within(await look(open, context));
      const machines = seen.plan.changes.filter(isOfMachines);
      // A rule that is missing may be why a machine cannot be reached: what is wrong outside comes first.
      if (seen.unreachable.size > 0 && machines.length === 0) {
        const repaired = await repairReachable(seen, { steps, watch }, context, lock);
        onChanged(repaired.changed);
        throw new KctlError([...repaired.faults, ...[...seen.unreachable.values()].flatMap(({ faults }) => faults)]);
      }
      const { changes, refusals: refused } = seen.plan;
      const again = doneAgain(changes, before);
      if (again.length > 0) throw new KctlError(again);
      if (!yes && !step) await askAbout(changes, seen, context);
      // Machines come first: what is on them can only be looked at once they are there.
      const now = machines.length > 0 ? [...machines, ...changes.filter(isFetched)] : changes.filter(isNoReplacement);
      const part = { ...seen, plan: { ...seen.plan, changes: now } };
      const { changed: count, faults } = await carryOut(part, { steps, watch }, context, lock);
      changed += count;
      onChanged(count);
      if (faults.length > 0) throw new KctlError(faults);
      before = now;
      if (machines.length > 0) {
        isWell = false;
        continue;
      }
      // There is nothing yet that could be well.
      if (seen.plan.isPartial && count > 0) continue;
      // It was well after the last round: a receipt that was written since changes nothing.
      if (!isWell || !now.every(bringsNothingToLight)) await awaitHealth(seen, context);
      isWell = true;
      const replacement = nextReplacement(changes);
      if (replacement !== null && !changes.some((change) => isNoReplacement(change) && !bringsNothingToLight(change))) {
        await endMachine(replacement, seen, context, lock);
        isWell = false;
        before = [replacement];
        changed += 1;
        onChanged(1);
        continue;
      }
      const left = steps.left();
      const told = toldAll(seen);
      if (left.length > 0 || (changes.every(bringsNothingToLight) && told))
        return {
          changed,
          ...endOf(seen),
          expires: seen.provider.fleet?.expires() ?? null,
          refused,
          left,
          notInPlan: scope.left(),
        };
      // It is well, and yet did not tell of itself in time: three looks in a row are no accident.
      if (!told && ++silent > 3) throw new KctlError(mute);
    }
  });
}

function withTtl(spec: Spec, ttl: number | null): Spec {
  if (ttl === null) return spec;
  const { type } = spec.provider;
  if (type === "aws") return { ...spec, ttl };
  throw new KctlError({
    code: "usage",
    where: "--ttl",
    what: `--ttl is for clusters on EC2, whose machines can end themselves; those of ${spec.name} are ${type === "local" ? "this one" : "yours"}`,
    fix: "leave it out, and run `kctl destroy` at the end",
  });
}

/** The machines themselves, seen from outside. */
function isOfMachines(change: Change): boolean {
  return change.kind === "cloud" && isNoReplacement(change);
}

/** Fetched here: while machines boot there is time for it. */
function isFetched({ kind }: Change): boolean {
  return kind === "artifact";
}

function isNoReplacement(change: Change): boolean {
  return change.kind !== "cloud" || change.step.kind !== "replacement";
}

/** A receipt only says what was seen. */
function bringsNothingToLight(change: Change): boolean {
  return change.kind === "receipt" || !changesSomething(change);
}

/** Whether every broker that runs told of itself. */
function toldAll({ observed: { kafka } }: Survey): boolean {
  return kafka.state === "known" && kafka.silent.length === 0;
}

function endOf({
  cluster,
  kafkaFolder,
  java,
  provider,
}: Survey): Pick<UpResult, "cluster" | "bootstrap" | "externalBootstrap" | "software" | "javaHome" | "on"> {
  const javaHome = java.temurin === null ? null : java.home;
  const on = provider.platform.machine === null ? null : (cluster.nodes[0]?.name ?? null);
  const clients = { bootstrap: bootstrapOf(cluster), externalBootstrap: externalBootstrapOf(cluster) };
  return { cluster: cluster.name, ...clients, software: kafkaFolder, javaHome, on };
}

const mute: Fault = {
  code: "kafka-unreachable",
  what: "the brokers serve, and do not tell their settings and topics in time",
  fix: "see the brokers' logs; then run `kctl up` again",
};

async function look({ spec, provider }: OpenCluster, context: Context): Promise<Survey> {
  const javaOf = (receipt: Receipt | null, cache: string): Promise<ServerJava> =>
    serverJava(spec, receipt, cache, context);
  const asking = factsQuestions(provider, context.signal);
  try {
    const seen = await survey(spec, provider, javaOf, context, randomId, asking.begin);
    const inTheWay = [...seen.plan.obstacles, ...(await preflight(seen, asking))];
    if (inTheWay.length > 0) throw new KctlError(inTheWay);
    return seen;
  } finally {
    asking.end();
  }
}

/**
 * While some machines cannot be looked at, what is dead on the others is started again, with what it needs; nothing is restarted and
 * nothing of Kafka's is changed, since that rests on what is unknown. A cluster that is not there yet is not begun in part.
 */
async function repairReachable(
  seen: Survey,
  rolling: { readonly steps: Steps; readonly watch: Watch },
  context: Context,
  lock: Lock,
): Promise<Pick<Outcome, "changed" | "faults">> {
  const { former } = seen.receipt;
  if (former === null) return { changed: 0, faults: [] };
  const changes = startsOf(seen.plan.changes, new Set(Object.keys(former.members)));
  return carryOut({ ...seen, plan: { ...seen.plan, changes } }, rolling, context, lock);
}

async function carryOut(
  seen: Survey,
  rolling: { readonly steps: Steps; readonly watch: Watch },
  context: Context,
  lock: Lock,
): Promise<Pick<Outcome, "changed" | "faults">> {
  const { changes } = seen.plan;
  if (!changes.some(changesSomething)) return { changed: 0, faults: [] };
  const notes = changes.filter(({ kind }) => kind === "note");
  for (const { title: text } of notes) context.emit({ type: "message", text });
  const work = changes.filter((change) => !notes.includes(change));
  return execute(work, performer(seen, context, lock, rolling), { ...context, ...paceOf(seen.provider) });
}

/** Before machines are launched, which cost money, or replaced, or servers of a running cluster restarted. */
async function askAbout(changes: readonly Change[], { provider, cluster }: Survey, context: Context): Promise<void> {
  const cloud = changes.flatMap((change) => (change.kind === "cloud" ? [change] : []));
  const launches = cloud.filter(({ step }) => step.kind === "instance" || step.kind === "network");
  const replaced = cloud.filter(({ step }) => step.kind === "replacement");
  const asked = [...launches, ...replaced];
  const costs = provider.fleet?.costs(cluster).text ?? null;
  const price = costs === null ? "This costs money." : `All of it costs ${costs}.`;
  if (asked.length > 0)
    await confirm(`${asked.map(({ title }) => `  ${title}\n`).join("")}${price} Go on? [y/N] `, "y", context);
  const restarts = changes.flatMap((change) => (change.kind === "roll" ? change.members : []));
  if (restarts.length === 0) return;
  await confirm(`This restarts ${restarts.join(", ")}, one at a time. Go on? [y/N] `, "y", context);
}
