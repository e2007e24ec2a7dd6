/**
 * Every event that kctl emits while it works, declared once. Operations emit, hosts of the output (plain lines,
 * JSON lines) print; nothing below cli/ writes to a stream. Shapes are part of the interface and only grow.
 */
import type { Fault } from "../fault.ts";
import type { LagRound } from "./lag-shown.ts";
import type { StatusRound } from "./status-shown.ts";

export type Event =
  | { readonly type: "message"; readonly text: string; readonly node?: string }
  | { readonly type: "warning"; readonly fault: Fault }
  | {
      readonly type: "download";
      readonly artifact: string;
      readonly source: string;
      readonly bytes: number;
      readonly total: number | null;
    }
  | { readonly type: "source-failed"; readonly artifact: string; readonly source: string; readonly why: string }
  | { readonly type: "steps"; readonly steps: readonly Step[] }
  | {
      readonly type: "change-started";
      readonly key: string;
      readonly title: string;
      readonly node?: string;
      readonly finishes?: true;
    }
  | {
      readonly type: "change-done";
      readonly key: string;
      readonly title: string;
      readonly seconds: number;
      readonly node?: string;
    }
  | { readonly type: "change-failed"; readonly key: string; readonly title: string; readonly fault: Fault }
  | { readonly type: "waiting"; readonly key: string; readonly what: string; readonly seconds: number }
  | { readonly type: "waited"; readonly key: string; readonly what: string; readonly seconds: number }
  | { readonly type: "interrupted"; readonly finishing: readonly string[]; readonly leaving: readonly string[] }
  | ({ readonly type: "status" } & StatusRound)
  | ({ readonly type: "lag" } & LagRound & Record<"faults" | "warnings", readonly Fault[]>)
  | { readonly type: "check-started"; readonly name: string }
  | {
      readonly type: "check";
      readonly name: string;
      readonly ok: boolean;
      readonly detail: string;
      readonly seconds: number;
      /** How much of `seconds` went by waiting for coordinators of consumer groups. */
      readonly waited: number;
    };

/** A change that is about to be made; `after` are the keys of those that must come before it. */
export type Step = {
  readonly key: string;
  readonly title: string;
  readonly node?: string;
  readonly after: readonly string[];
  /** What its time goes by with, where that is not kctl's own work: machines (their packages included), servers (JVMs) or downloads. */
  readonly waitsFor?: WaitsFor;
};

export type WaitsFor = "machines" | "servers" | "downloads";

export type EventType = Event["type"];

export type Emit = (event: Event) => void;

type EventInfo = { readonly level: "info" | "detail" | "warning" | "error"; readonly means: string };

export const events: Readonly<Record<EventType, EventInfo>> = {
  message: { level: "info", means: "Something worth knowing that is not a step." },
  warning: { level: "warning", means: "The work goes on, but this deserves a look." },
  download: { level: "detail", means: "How far an artifact's download is; at most a few times a second." },
  "source-failed": { level: "detail", means: "One source of an artifact failed; the next one is tried." },
  steps: {
    level: "detail",
    means: "What is about to be done; `after` are the keys of the steps that come before one.",
  },
  "change-started": {
    level: "detail",
    means: "A change of the plan was begun; where it `finishes`, an interruption waits for it.",
  },
  "change-done": { level: "info", means: "A change of the plan was made, and seen to be true." },
  "change-failed": { level: "error", means: "A change of the plan could not be made." },
  waiting: {
    level: "detail",
    means:
      "What a step waits for, and for how long already: at once, every five seconds, and when it waits for something else.",
  },
  waited: { level: "detail", means: "A wait that was told of is over: how long it took in all." },
  interrupted: {
    level: "info",
    means: "kctl was told to stop: the titles of what it finishes first, and of what it leaves for the next run.",
  },
  status: {
    level: "info",
    means:
      "With `status --watch`: what `status` tells, each time that it looked, with `rates` and, in `events`, [what has changed](#events-of-status---watch) since the look before. A look that fails has what was seen last, `healthy: false`, `rates: null`, and in `complaints` why it failed.",
  },
  lag: {
    level: "info",
    means:
      "With `lag --watch`: what `lag` tells, each time that it looked, with `trend` (records a second) and, in `errors`, what could not be found out; in `warnings`, a Burrow that tells nothing; `looks` of `window` looks are behind the statuses that are `judgedBy` kctl.",
  },
  "check-started": { level: "detail", means: "A check of the smoke test was begun." },
  check: { level: "info", means: "A check of the smoke test, with what it proved." },
};
