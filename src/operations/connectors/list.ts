/** Which connectors there are and how they are, those included that the spec does not have. Reads only. */
import type { ConnectorList } from "../../report/connectors-shown.ts";
import type { Context } from "../context.ts";
import { withoutSecrets } from "./hide-secrets.ts";
import { mustBeConnectors, openConnect, seenConnectors, workersOf } from "./open-connect.ts";
import { hiderFor } from "./secrets.ts";

/** @param names only these; all where there is none */
export async function listConnectors(context: Context, names: readonly string[]): Promise<ConnectorList> {
  const open = await openConnect(context);
  const told = await seenConnectors(workersOf(open, context), context);
  const failed = told.filter(({ trace, tasks }) => trace !== null || tasks.some((task) => task.trace !== null));
  const hide = await hiderFor(
    failed.map(({ name }) => name),
    open,
  );
  const seen = told.map((one) => withoutSecrets(one, hide));
  const declared = (open.spec.connectors ?? []).map(({ name }) => name);
  const there = seen.map(({ name }) => name);
  mustBeConnectors(names, [...new Set([...there, ...declared])], "on the workers, nor in the spec");
  const isMeant = (name: string): boolean => names.length === 0 || names.includes(name);
  return {
    cluster: open.cluster.name,
    connectors: seen
      .filter(({ name }) => isMeant(name))
      .map(({ name, type, config, state, worker, trace, tasks }) => ({
        name,
        class: config["connector.class"] ?? "",
        type,
        declared: declared.includes(name),
        state,
        worker,
        trace,
        tasks,
      })),
    missing: declared.filter((name) => isMeant(name) && !there.includes(name)),
  };
}

/** What is not as it should be: a sentence and a trace each. One that is paused is as somebody wanted it. */
export function complaintsOf({
  connectors,
  missing,
}: ConnectorList): readonly { readonly what: string; readonly trace: string | null }[] {
  const fine = new Set(["RUNNING", "PAUSED", "STOPPED"]);
  return [
    ...missing.map((name) => ({ what: `connector ${name} is in the spec and not on the workers`, trace: null })),
    ...connectors.flatMap(({ name, state, trace, tasks }) =>
      [
        { what: `connector ${name}`, state, trace },
        ...tasks.map((task) => ({
          what: `task ${task.id} of connector ${name}`,
          state: task.state,
          trace: task.trace,
        })),
      ]
        .filter((part) => !fine.has(part.state))
        .map((part) => ({ what: `${part.what} is ${part.state.toLowerCase()}`, trace: part.trace })),
    ),
  ];
}
