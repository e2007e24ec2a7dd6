/** What the live terminal knows of the work: the steps that are to come and that run, what they wait for, how far downloads are. */
import type { Event, Step } from "./events.ts";

export type Download = {
  readonly source: string;
  readonly bytes: number;
  readonly total: number | null;
  /** Where and when it began, for the rate: a download that is gone on with begins at what was there. */
  readonly from: { readonly bytes: number; readonly at: number };
};

export type Waits = { readonly what: string; readonly since: number };

export type Running = Step & {
  readonly started: number;
  /** Whether it was told of beforehand; a restart within a roll was not, and does not count. */
  readonly planned: boolean;
  readonly waits: Waits | null;
  readonly download: Download | null;
};

export type LiveState = {
  /** Times are milliseconds of one clock. */
  readonly began: number;
  /** Of the steps that were told of beforehand. */
  readonly done: number;
  readonly all: number;
  readonly pending: readonly Step[];
  readonly running: readonly Running[];
  /** What is waited for outside of any step: the health of the whole at the end. */
  readonly waits: Waits | null;
  /** What is fetched outside of any step, by artifact. */
  readonly downloads: readonly (Download & { readonly artifact: string })[];
  /** Whether it was told to stop. */
  readonly ending: boolean;
  /** The checks of the smoke test that are under way, in the order of their beginning. */
  readonly checks: readonly { readonly name: string; readonly started: number }[];
};

export const idle = (now: number): LiveState => ({
  began: now,
  done: 0,
  all: 0,
  pending: [],
  running: [],
  waits: null,
  downloads: [],
  ending: false,
  checks: [],
});

export function after(state: LiveState, event: Event, now: number): LiveState {
  switch (event.type) {
    case "steps":
      return {
        ...state,
        pending: event.steps,
        all: event.steps.length,
        done: 0,
        waits: null,
      };
    case "change-started": {
      const { key, title, node } = event;
      const known = state.pending.find((step) => step.key === key);
      const step: Step = known ?? { key, title, ...(node === undefined ? {} : { node }), after: [] };
      return {
        ...state,
        pending: state.pending.filter((one) => one.key !== key),
        running: [
          ...state.running,
          { ...step, started: now, planned: known !== undefined, waits: null, download: null },
        ],
        waits: null,
      };
    }
    case "change-done":
    case "change-failed": {
      const { key } = event;
      const planned =
        state.pending.some((one) => one.key === key) || state.running.some((one) => one.key === key && one.planned);
      return {
        ...state,
        pending: state.pending.filter((one) => one.key !== key),
        running: state.running.filter((one) => one.key !== key),
        done: state.done + (planned ? 1 : 0),
      };
    }
    case "waiting":
      return waiting(state, event, now);
    case "download":
      return downloading(state, event, now);
    case "check-started":
      return { ...state, waits: null, checks: [...state.checks, { name: event.name, started: now }] };
    case "check":
      return { ...state, checks: state.checks.filter(({ name }) => name !== event.name) };
    case "interrupted":
      return { ...state, pending: [], ending: true };
    case "waited":
    case "message":
    case "warning":
    case "source-failed":
    case "status":
    case "lag":
      return state;
  }
}

type Of<Type extends Event["type"]> = Extract<Event, { type: Type }>;

function waiting(state: LiveState, { key, what, seconds }: Of<"waiting">, now: number): LiveState {
  // What a restart waits for is told under the name of the start that it holds.
  const keys = new Set([key, key.replace(/^start /, "restart ")]);
  const step = state.running.findLast((one) => keys.has(one.key));
  const before = step === undefined ? state.waits : step.waits;
  const waits = { what, since: before?.what === what ? before.since : now - seconds * 1000 };
  if (step === undefined) return { ...state, waits };
  return { ...state, running: state.running.map((one) => (one === step ? { ...one, waits } : one)) };
}

function downloading(state: LiveState, { artifact, source, bytes, total }: Of<"download">, now: number): LiveState {
  const next = (before: Download | null): Download => {
    const goesOn = before !== null && before.source === source && before.from.bytes <= bytes;
    return { source, bytes, total, from: goesOn ? before.from : { bytes, at: now } };
  };
  const step = state.running.find(({ key }) => key.startsWith(`artifact ${artifact} `));
  if (step !== undefined) {
    const running = state.running.map((one) => (one === step ? { ...one, download: next(one.download) } : one));
    return { ...state, running };
  }
  const before = state.downloads.find((one) => one.artifact === artifact) ?? null;
  const others = state.downloads.filter((one) => one !== before);
  const whole = total !== null && bytes >= total;
  return { ...state, downloads: whole ? others : [...others, { artifact, ...next(before) }] };
}
