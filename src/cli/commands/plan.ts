/** kctl plan */
import { changesSomething } from "../../plan/change.ts";
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const planCommand = () =>
  specCommand("plan", "show what up would change, down to the lines of a file")
    .option("--check", "exit with status 3 where anything would change")
    .action((options) =>
      run(options, async (context) => {
        const [{ plan }, { planText }] = await Promise.all([
          import("../../operations/plan.ts"),
          import("../../report/plan-text.ts"),
        ]);
        const { changes, refused: faults } = await plan(context);
        const exit = faults.length === 0 && options.check && changes.some(changesSomething) ? { exit: 3 } : {};
        return {
          ...exit,
          faults,
          fields: { changes },
          text: (paint) => planText(changes, paint, options.verbose ?? false),
        };
      }),
    );
