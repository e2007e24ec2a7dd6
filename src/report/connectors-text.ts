/** Connectors as people read of them: a table of those that there are, and what would change of those that the spec has. */
import type { PlannedChange } from "../plan/connector-difference.ts";
import type { ConnectorList } from "./connectors-shown.ts";
import { tableLines } from "./table.ts";

export function connectorsText({ cluster, connectors, missing }: ConnectorList): string {
  if (connectors.length === 0 && missing.length === 0) return `${cluster} has no connectors.`;
  const rows = connectors.flatMap(({ name, type, state, worker, declared, tasks }) => [
    [name, type, state.toLowerCase(), worker, declared ? "" : "not in the spec"],
    ...tasks.map((task) => [`  task ${task.id}`, "", task.state.toLowerCase(), task.worker, ""]),
  ]);
  const absent = missing.map((name) => [name, "", "missing", "", ""]);
  return tableLines([["connector", "type", "state", "worker", ""], ...rows, ...absent]).join("\n");
}

export function connectorPlanText(changes: readonly PlannedChange[]): string {
  if (changes.length === 0) return "Nothing to change.";
  const lines = changes.flatMap(({ title, verb, diff }) => [
    `${verb === "create" ? "+" : "~"} ${title}`,
    ...diff.map((line) => `    ${line}`),
  ]);
  return [...lines, "", `${changes.length} change${changes.length === 1 ? "" : "s"}.`].join("\n");
}
