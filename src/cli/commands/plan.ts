/** kctl plan */
import packageFile from "../../../package.json" with { type: "json" };
import type { PlanMade } from "../../operations/plan.ts";
import { changesSomething } from "../../plan/change.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Shows each change that `up` would make: what, why (which key of the spec, from what, to what), what it does to a running cluster, and the lines of the files that differ. It touches nothing. `up` carries out the very same plan.",
  ],
  exits: { 3: "with `--check`: something would change" },
  result: {
    changes: "what would change, in an order that is safe: `{key, kind, verb, title, why, effect, …}` each",
    costs:
      "on aws: what the machines cost, `{hour, month, unknown, nodes}` in USD by `provider.prices`; null where a price is not known",
    out: "with `--out`: the file",
  },
  examples: [
    ["kctl plan", "what would `kctl up` do?"],
    ["kctl plan --check", "has somebody changed the cluster by hand? Exit status 3 says yes"],
    ["kctl plan --out reviewed.json", "put it aside, for `kctl up --plan reviewed.json`"],
    ["kctl plan --verbose", "folders and files one by one"],
  ],
};

export const planCommand = () =>
  specCommand("plan", "show what up would change, down to the lines of a file", page)
    .option("--check", "exit with status 3 where anything would change")
    .option("--out <file>", "put the plan into a file to review, which `kctl up --plan` carries out")
    .action((options) =>
      run(options, async (context) => {
        const [{ plan }, { planText }, { shellWord }] = await Promise.all([
          import("../../operations/plan.ts"),
          import("../../report/plan-text.ts"),
          import("../../report/shell-word.ts"),
        ]);
        const { out } = options;
        const save = out === undefined ? null : { file: out, kctl: packageFile.version };
        const { changes, costs, refused, unknown } = await plan(context, save);
        const faults = [...refused, ...unknown];
        const exit = faults.length === 0 && options.check && changes.some(changesSomething) ? { exit: 3 } : {};
        return {
          ...exit,
          faults,
          fields: { changes, ...costsFields(costs), ...(out === undefined ? {} : { out }) },
          text: (paint, page) => {
            const price = costs?.text === undefined || costs.text === null ? "" : `\nCosts ${costs.text}.`;
            const shown = `${planText(changes, { paint, page, verbose: options.verbose ?? false })}${price}`;
            if (out === undefined) return shown;
            const { specFile } = context;
            const file = specFile === "kctl.yaml" ? "" : ` -f ${shellWord(specFile)}`;
            return `${shown}\nWritten to ${out}; kctl up${file} --plan ${shellWord(out)} carries it out.`;
          },
        };
      }),
    );

function costsFields(costs: PlanMade["costs"]): { readonly costs?: object } {
  if (costs === null) return {};
  const { hour, month, unknown, nodes } = costs;
  return { costs: { hour, month, unknown, nodes } };
}
