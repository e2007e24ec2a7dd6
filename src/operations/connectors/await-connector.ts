/** Waits until a connector does what it was told to; throws with its trace where it fails. */
import { KctlError } from "../../fault.ts";
import type { ConnectorSeen, Workers } from "../../kafka/connectors.ts";
import type { Context } from "../context.ts";
import { waitUntil } from "../wait-until.ts";
import { settled, type Settled } from "./settle.ts";

export type Awaited = {
  readonly name: string;
  readonly wanted: "RUNNING" | "PAUSED" | "gone";
  /** As it was before: what it says for a moment afterwards may still be that. */
  readonly before: ConnectorSeen | undefined;
};

/** What was seen for this long is believed; one without tasks may be about to get some. */
const steadySeconds = { there: 1, withoutTasks: 3, failedAsBefore: 6, failed: 0 } as const;

export async function awaitConnector(
  { name, wanted, before }: Awaited,
  workers: Workers,
  { emit, signal, timeoutSeconds }: Context,
): Promise<void> {
  const formerTraces = new Set(before === undefined ? [] : [before.trace, ...before.tasks.map(({ trace }) => trace)]);
  const seenLast: { settled: Settled } = { settled: { state: "wait", why: `connector ${name}` } };
  let since = performance.now();
  const done = await waitUntil(
    async () => {
      const all = await workers.all();
      if (all === null) return false;
      const seen = all.find((one) => one.name === name);
      const now = settled(name, seen, wanted);
      if (now.state !== seenLast.settled.state) since = performance.now();
      seenLast.settled = now;
      if (now.state === "wait") return false;
      if (wanted === "gone") return true;
      return (performance.now() - since) / 1000 >= steadySeconds[kindOf(now, seen, formerTraces)];
    },
    {
      key: `connector ${name}`,
      what: () => (seenLast.settled.state === "wait" ? seenLast.settled.why : `connector ${name} to stay so`),
      timeoutSeconds,
      emit,
      signal,
    },
  );
  if (done && seenLast.settled.state === "there") return;
  throw failure(name, seenLast.settled, timeoutSeconds);
}

function kindOf(
  now: Exclude<Settled, { state: "wait" }>,
  seen: ConnectorSeen | undefined,
  formerTraces: ReadonlySet<string | null>,
): keyof typeof steadySeconds {
  if (now.state === "failed") return formerTraces.has(now.trace) ? "failedAsBefore" : "failed";
  return seen?.tasks.length === 0 ? "withoutTasks" : "there";
}

function failure(name: string, last: Settled, timeoutSeconds: number): KctlError {
  if (last.state === "failed")
    return new KctlError({
      code: "connector-failed",
      where: name,
      what: `${last.what} failed`,
      fix: `mend what its trace says, then \`kctl connectors apply\`, or \`kctl connectors restart ${name}\``,
      detail: last.trace.trimEnd(),
    });
  const why = last.state === "wait" ? last.why : `connector ${name}`;
  return new KctlError({
    code: "connector-failed",
    where: name,
    what: `waited ${timeoutSeconds} s for ${why}`,
    fix: "see the workers' logs: `kctl logs --role connect`; give it longer with --timeout",
  });
}
