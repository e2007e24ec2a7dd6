/** kctl restart */
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const restartCommand = () =>
  specCommand("restart", "restart all running servers, or those of a node, one at a time, each when it may go")
    .argument("[node]", "only the servers of this node")
    .option("--yes", "do not ask first")
    .option("--step", "ask before each restart; without a terminal, end after one")
    .action((node, options) =>
      run(options, async (context) => {
        const { restart } = await import("../../operations/restart.ts");
        const { cluster, changed, left } = await restart(context, {
          node: node ?? null,
          yes: options.yes ?? false,
          step: options.step ?? false,
        });
        const did = `${changed} server${changed === 1 ? "" : "s"} of ${cluster} restarted.`;
        const rest = left.length === 0 ? "" : ` Not restarted: ${left.join(", ")}.`;
        return { fields: { cluster, changed, left }, text: () => `${did}${rest}` };
      }),
    );
