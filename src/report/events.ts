/**
 * Every event that kctl emits while it works, declared once. Operations emit, hosts of the output (plain lines,
 * JSON lines) print; nothing below cli/ writes to a stream. Shapes are part of the interface and only grow.
 */
import type { Fault } from "../fault.ts";

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
  | { readonly type: "change-started"; readonly key: string; readonly title: string; readonly node?: string }
  | {
      readonly type: "change-done";
      readonly key: string;
      readonly title: string;
      readonly seconds: number;
      readonly node?: string;
    }
  | { readonly type: "change-failed"; readonly key: string; readonly title: string; readonly fault: Fault }
  | { readonly type: "waiting"; readonly key: string; readonly what: string; readonly seconds: number }
  | {
      readonly type: "check";
      readonly name: string;
      readonly ok: boolean;
      readonly detail: string;
      readonly seconds: number;
    };

export type EventType = Event["type"];

export type Emit = (event: Event) => void;

type EventInfo = { readonly level: "info" | "detail" | "warning" | "error"; readonly means: string };

export const events: Readonly<Record<EventType, EventInfo>> = {
  message: { level: "info", means: "Something worth knowing that is not a step." },
  warning: { level: "warning", means: "The work goes on, but this deserves a look." },
  download: { level: "detail", means: "How far an artifact's download is; at most a few times a second." },
  "source-failed": { level: "detail", means: "One source of an artifact failed; the next one is tried." },
  "change-started": { level: "detail", means: "A change of the plan was begun." },
  "change-done": { level: "info", means: "A change of the plan was made, and seen to be true." },
  "change-failed": { level: "error", means: "A change of the plan could not be made." },
  waiting: { level: "detail", means: "What a step waits for, and for how long already." },
  check: { level: "info", means: "A check of the smoke test, with what it proved." },
};
