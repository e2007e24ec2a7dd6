/** kctl stop */
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const stopCommand = () =>
  specCommand("stop", "stop the whole cluster in order, and keep its data")
    .option("--yes", "do not ask first")
    .action((options) =>
      run(options, async (context) => {
        const { stop } = await import("../../operations/stop.ts");
        const { cluster, changed } = await stop(context, { yes: options.yes ?? false });
        const did = changed === 0 ? "nothing of it ran" : `${changed} server${changed === 1 ? "" : "s"} ended in order`;
        return {
          fields: { cluster, changed },
          text: () => `${cluster} is stopped: ${did}. Its data stays; \`kctl start\` starts it again.`,
        };
      }),
    );
