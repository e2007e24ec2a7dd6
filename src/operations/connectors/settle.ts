/** Whether a connector has come to where it should be: decided from what was just seen of it. */
import type { ConnectorSeen } from "../../kafka/connectors.ts";

export type Settled =
  | { readonly state: "wait"; readonly why: string }
  | { readonly state: "there" }
  | { readonly state: "failed"; readonly what: string; readonly trace: string };

/** One that somebody paused or stopped takes its new settings, and stays so. */
const resting = new Set(["PAUSED", "STOPPED"]);

/** Whether it, or a task of it, neither runs nor rests. */
export function isBroken({ state, tasks }: ConnectorSeen): boolean {
  return [state, ...tasks.map((task) => task.state)].some((one) => one !== "RUNNING" && !resting.has(one));
}

export function settled(name: string, seen: ConnectorSeen | undefined, wanted: "RUNNING" | "PAUSED" | "gone"): Settled {
  if (wanted === "gone")
    return seen === undefined ? { state: "there" } : { state: "wait", why: `connector ${name} to go` };
  if (seen === undefined) return { state: "wait", why: `connector ${name} to be made` };
  const parts = [
    { what: `connector ${name}`, ...seen },
    ...seen.tasks.map((task) => ({ what: `task ${task.id} of connector ${name}`, ...task })),
  ];
  const failed = parts.find((part) => part.state === "FAILED");
  if (failed !== undefined) return { state: "failed", what: failed.what, trace: failed.trace ?? "" };
  if (wanted === "RUNNING" && resting.has(seen.state)) return { state: "there" };
  const not = parts.find((part) => part.state !== wanted);
  if (not === undefined) return { state: "there" };
  return { state: "wait", why: `${not.what} to be ${wanted.toLowerCase()}, and it is ${not.state.toLowerCase()}` };
}
