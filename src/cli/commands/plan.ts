/** kctl plan */
import packageFile from "../../../package.json" with { type: "json" };
import { changesSomething } from "../../plan/change.ts";
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const planCommand = () =>
  specCommand("plan", "show what up would change, down to the lines of a file")
    .option("--check", "exit with status 3 where anything would change")
    .option("--out <file>", "put the plan into a file to review, which `kctl up --plan` carries out")
    .action((options) =>
      run(options, async (context) => {
        const [{ plan }, { planText }] = await Promise.all([
          import("../../operations/plan.ts"),
          import("../../report/plan-text.ts"),
        ]);
        const { out } = options;
        const save = out === undefined ? null : { file: out, kctl: packageFile.version };
        const { changes, refused: faults } = await plan(context, save);
        const exit = faults.length === 0 && options.check && changes.some(changesSomething) ? { exit: 3 } : {};
        return {
          ...exit,
          faults,
          fields: { changes, ...(out === undefined ? {} : { out }) },
          text: (paint) =>
            `${planText(changes, paint, options.verbose ?? false)}${out === undefined ? "" : `\nWritten to ${out}; kctl up --plan ${out} carries it out.`}`,
        };
      }),
    );
