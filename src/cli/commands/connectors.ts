/** kctl connectors */
import { Argument } from "@commander-js/extra-typings";
import { KctlError, type Fault } from "../../fault.ts";
import type { Context } from "../../operations/context.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run, type Done } from "../run.ts";

const actions = ["list", "plan", "apply", "status", "restart", "pause", "resume", "delete"] as const;

type Action = (typeof actions)[number];

const page: CommandPage = {
  about: [
    "Speaks with the workers of Kafka Connect (the nodes with the role `connect`). `list` tells which connectors there are, `status` whether they are well, with the trace of what failed.",
    "`apply` makes the connectors of the spec (`connectors`) what it says: the workers check each of them first, its settings are given to them, and it is waited for until it and its tasks run. `plan` shows what that would be. Connectors that the spec does not have are left alone; `restart`, `pause`, `resume` and `delete` take them as well.",
    "A setting that is a secret goes into a file of mode 600 beside each worker, and Connect is given a reference to it. Plans show a digest of it, keyed by what lies beside the workers. After a worker was added, `apply` puts the secrets beside it.",
  ],
  exits: {
    1: "`status`: a connector or a task does not run",
    2: "a connector's class is not there, or it does not take its settings: nothing was changed",
    3: "with `plan --check`: something would change",
  },
  result: {
    cluster: "the cluster's name",
    connectors:
      "`list`, `status`: `{name, class, type, declared, state, worker, trace, tasks: [{id, state, worker, trace}]}` each; states are Connect's own",
    missing: "`list`, `status`: those that the spec has and the workers do not",
    changes: "`plan`, `apply`: `{key, kind, verb, name, title, diff}` each",
    changed: "how many things were changed",
  },
  examples: [
    ["kctl connectors plan", "what would change?"],
    ["kctl connectors apply", "make them what the spec says"],
    ["kctl connectors status orders", "does it run, and if not, why?"],
    ["kctl connectors restart orders", "it and its tasks"],
  ],
};

export const connectorsCommand = () =>
  specCommand("connectors", "declare, watch and steer the connectors of Kafka Connect", page)
    .addArgument(new Argument("<action>", "what to do").choices(actions))
    .argument("[connector...]", "only these connectors; `restart`, `pause`, `resume` and `delete` need one")
    .option("--check", "with plan: exit with status 3 where anything would change")
    .option("--yes", "with delete: do not ask first")
    .action((action, names, { check = false, yes = false, ...options }) =>
      run(options, (context) => done({ action, names, check, yes }, context)),
    );

type Asked = {
  readonly action: Action;
  readonly names: readonly string[];
  readonly check: boolean;
  readonly yes: boolean;
};

async function done(asked: Asked, context: Context): Promise<Done> {
  const { action, names, check, yes } = asked;
  const { connectorsText, connectorPlanText } = await import("../../report/connectors-text.ts");
  switch (action) {
    case "list":
    case "status": {
      const { listConnectors, complaintsOf } = await import("../../operations/connectors/list.ts");
      const list = await listConnectors(context, names);
      const faults = action === "list" ? [] : complaintsOf(list).map(asFault);
      return { ok: faults.length === 0, faults, fields: { ...list }, text: () => connectorsText(list) };
    }
    case "plan": {
      const { planConnectors } = await import("../../operations/connectors/plan.ts");
      const { cluster, changes } = await planConnectors(context, names);
      const exit = check && changes.length > 0 ? { exit: 3 } : {};
      return { ...exit, fields: { cluster, changes }, text: () => connectorPlanText(changes) };
    }
    case "apply": {
      const { applyConnectors } = await import("../../operations/connectors/apply.ts");
      const { cluster, changed, changes } = await applyConnectors(context, names);
      const said = changed === 0 ? "are what the spec says" : `are what the spec says now: ${changed} changed`;
      return { fields: { cluster, changed, changes }, text: () => `The connectors of ${cluster} ${said}.` };
    }
    default: {
      if (names.length === 0)
        throw new KctlError({ code: "usage", what: `connectors ${action} needs a connector's name`, fix: "name it" });
      const { actOnConnectors } = await import("../../operations/connectors/act.ts");
      const { cluster, changed } = await actOnConnectors(context, { action, names, yes });
      const text = `${past[action]} ${names.join(", ")} of ${cluster}.`;
      return { fields: { cluster, changed }, text: () => text };
    }
  }
}

const past = { restart: "Restarted", pause: "Paused", resume: "Resumed", delete: "Deleted" } as const;

function asFault({ what, trace }: { readonly what: string; readonly trace: string | null }): Fault {
  return {
    code: "connector-failed",
    what,
    fix: "mend what its trace says, then `kctl connectors apply` or `kctl connectors restart NAME`",
    ...(trace === null ? {} : { detail: trace.trimEnd() }),
  };
}
