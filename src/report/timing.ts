/**
 * What the time of an `up` went by with: the path through its steps that all else waited for, from its events.
 *
 * Changes are carried out in rounds, each of which begins with the event `steps`. The last change that was done ends a round's path;
 * before each comes, of those that it came after, the one that was done last. What lies between is kctl's own: it looks, plans, or
 * has no room for more at once; or it is a wait that is no step, which the event `waiting` tells of.
 */
import type { Event, Step, WaitsFor } from "./events.ts";

/** An event, and how many seconds after the beginning it came. */
export type Timed = { readonly at: number; readonly event: Event };

export type PathStep = {
  readonly key: string;
  readonly title: string;
  readonly from: number;
  readonly to: number;
  /** null: kctl itself is at work. */
  readonly waits: WaitsFor | null;
};

export type Timing = {
  readonly seconds: number;
  /** How much of it waits for nothing. */
  readonly own: number;
  readonly path: readonly PathStep[];
};

export function timingOf(heard: readonly Timed[], seconds: number): Timing {
  const steps = roundsOf(heard).flatMap(pathOf);
  const path = withGaps(steps, heard, seconds).map((step) => ({
    ...step,
    from: rounded(step.from),
    to: rounded(step.to),
  }));
  const own = path.filter(({ waits }) => waits === null).reduce((sum, { from, to }) => sum + to - from, 0);
  return { seconds, own: rounded(own), path };
}

type Span = Step & { readonly from: number; readonly to: number };

/** The changes of each round that were begun and done. */
function roundsOf(heard: readonly Timed[]): readonly (readonly Span[])[] {
  const rounds: Map<string, Step & { from?: number; to?: number }>[] = [];
  for (const { at, event } of heard) {
    if (event.type === "steps") rounds.push(new Map(event.steps.map((step) => [step.key, { ...step }])));
    if (event.type !== "change-started" && event.type !== "change-done") continue;
    const step = rounds.at(-1)?.get(event.key);
    if (step !== undefined) step[event.type === "change-started" ? "from" : "to"] = at;
  }
  return rounds.map((round) =>
    [...round.values()].flatMap(({ from, to, ...step }) =>
      from === undefined || to === undefined ? [] : [{ ...step, from, to }],
    ),
  );
}

/** One that was only to be begun before another counts up to there. */
function pathOf(round: readonly Span[]): readonly PathStep[] {
  const path: PathStep[] = [];
  let end = Number.POSITIVE_INFINITY;
  for (let step = latest(round, end); step !== undefined;) {
    const { key, title, from, to, after, waitsFor = null } = step;
    path.unshift({ key, title, from, to: Math.min(to, end), waits: waitsFor });
    end = from;
    step = latest(
      round.filter((one) => after.includes(one.key) && one.from < from),
      end,
    );
  }
  return path;
}

function latest(spans: readonly Span[], end: number): Span | undefined {
  const until = ({ to }: Span): number => Math.min(to, end);
  return spans.reduce<Span | undefined>(
    (best, span) => (best === undefined || until(span) > until(best) ? span : best),
    undefined,
  );
}

function withGaps(steps: readonly PathStep[], heard: readonly Timed[], seconds: number): readonly PathStep[] {
  const filled: PathStep[] = [];
  let reached = 0;
  for (const step of steps) {
    filled.push(...between(reached, step.from, heard), step);
    reached = step.to;
  }
  return [...filled, ...between(reached, seconds, heard)].filter(({ from, to }) => rounded(to - from) > 0);
}

/** Waits for what is no step: that servers are well again. */
function between(from: number, to: number, heard: readonly Timed[]): readonly PathStep[] {
  const own = { key: "kctl", title: "kctl looks and plans", waits: null };
  const told = heard.flatMap(({ at, event }) =>
    (event.type === "waiting" || event.type === "waited") && at >= from && at <= to && event.key.startsWith("health")
      ? [{ at, event }]
      : [],
  );
  const [first] = told;
  const last = told.at(-1);
  if (first === undefined || last === undefined) return [{ ...own, from, to }];
  const began = Math.max(from, first.at - first.event.seconds);
  const { key, what } = first.event;
  return [
    { ...own, from, to: began },
    { key, title: what, from: began, to: last.at, waits: "servers" },
    { ...own, from: last.at, to },
  ];
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
