/** Restarts, pauses, resumes or deletes connectors by their names, declared or not, and waits until it is so. */
import { KctlError } from "../../fault.ts";
import { confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import { inHistory } from "../in-history.ts";
import { awaitConnector } from "./await-connector.ts";
import { discreet } from "./hide-secrets.ts";
import { mustBeConnectors, openConnect, patiently, seenConnectors, workersOf } from "./open-connect.ts";
import { forgetSecrets, hiderFor } from "./secrets.ts";

export type Action = "restart" | "pause" | "resume" | "delete";

export type Acted = { readonly cluster: string; readonly changed: number };

const leadsTo = { restart: "RUNNING", pause: "PAUSED", resume: "RUNNING", delete: "gone" } as const;

export async function actOnConnectors(
  given: Context,
  { action, names, yes }: { readonly action: Action; readonly names: readonly string[]; readonly yes: boolean },
): Promise<Acted> {
  const open = await openConnect(given);
  if (action === "delete" && !yes && given.ask === null)
    throw new KctlError({
      code: "confirmation-needed",
      what: "connectors are to be deleted, and there is no terminal to ask on",
      fix: "add --yes",
    });
  const command = ["connectors", action, ...names].join(" ");
  return inHistory({ provider: open.provider, command, context: given }, async (context) => {
    const workers = discreet(workersOf(open, context), await hiderFor(names, open));
    const seen = await seenConnectors(workers, context);
    mustBeConnectors(
      names,
      seen.map(({ name }) => name),
      "on the workers",
    );
    if (action === "delete" && !yes)
      await confirm(`This deletes ${names.join(", ")}; what they wrote stays. Go on? [y/N] `, "y", context);
    for (const name of new Set(names)) {
      const key = `${action} ${name}`;
      const title = `${action} connector ${name}`;
      const started = performance.now();
      context.emit({ type: "change-started", key, title });
      await patiently(`the workers to ${title}`, context, () => workers.act(name, action));
      const before = seen.find((one) => one.name === name);
      await awaitConnector({ name, wanted: leadsTo[action], before }, workers, context);
      // At once: what fails later leaves none of its secrets behind.
      if (action === "delete") await forgetSecrets(name, open);
      context.emit({ type: "change-done", key, title, seconds: (performance.now() - started) / 1000 });
    }
    return { cluster: open.cluster.name, changed: new Set(names).size };
  });
}
