/** Makes the connectors what the spec says: checked first, then changed one after the other, each waited for until it runs. */
import type { Context } from "../context.ts";
import { inHistory } from "../in-history.ts";
import type { PlannedChange } from "../../plan/connector-difference.ts";
import { mustStillHold } from "../../providers/must-still-hold.ts";
import { awaitConnector } from "./await-connector.ts";
import { openConnect, patiently } from "./open-connect.ts";
import { lookAtConnectors, type Looked } from "./plan.ts";
import { isBroken } from "./settle.ts";
import { mustBeValid } from "./validate.ts";

export type Applied = {
  readonly cluster: string;
  readonly changed: number;
  readonly changes: readonly PlannedChange[];
};

export async function applyConnectors(given: Context, names: readonly string[]): Promise<Applied> {
  const open = await openConnect(given);
  const command = ["connectors apply", ...names].join(" ");
  return inHistory({ provider: open.provider, command, context: given }, async (context, lock) => {
    const looked = await lookAtConnectors(open, names, context);
    const { changes, secrets, workers, cluster } = looked;
    const touched = new Set(changes.map(({ name }) => name));
    const wanted = secrets.wanted.filter(({ name }) => touched.has(name));
    // The workers' own check reads them.
    for (const { name } of wanted) await secrets.write(name);
    await mustBeValid(wanted, workers);
    for (const one of wanted) {
      await mustStillHold(lock);
      await applyOne(one, looked, context);
      await secrets.tidy(one.name);
    }
    return { cluster, changed: changes.length, changes };
  });
}

async function applyOne(
  { name, config }: Looked["secrets"]["wanted"][number],
  { changes, workers, seen }: Looked,
  context: Context,
): Promise<void> {
  const its = changes.filter((change) => change.name === name);
  const change = its.find(({ kind }) => kind === "connector") ?? its[0];
  if (change === undefined) return;
  const { key, title } = change;
  const started = performance.now();
  context.emit({ type: "change-started", key, title });
  const before = seen.find((one) => one.name === name);
  if (change.kind === "connector")
    await patiently(`the workers to take connector ${name}`, context, () => workers.put(name, config));
  // It may have ended for want of its secrets, and Connect does not look for them again by itself.
  const isDown = change.kind === "secrets" && before !== undefined && isBroken(before);
  if (isDown) await patiently(`the workers to restart connector ${name}`, context, () => workers.act(name, "restart"));
  if (change.kind === "connector" || isDown)
    await awaitConnector({ name, wanted: "RUNNING", before }, workers, context);
  context.emit({ type: "change-done", key, title, seconds: (performance.now() - started) / 1000 });
}
