/** kctl destroy */
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const destroyCommand = () =>
  specCommand("destroy", "remove all that up made, data included, and nothing else")
    .option("--yes", "do not ask for the cluster's name")
    .option("--keep-data", "leave the data and say where it is")
    .action((options) =>
      run(options, async (context) => {
        const { destroy } = await import("../../operations/destroy.ts");
        const { cluster, changed, kept, left } = await destroy(context, {
          yes: options.yes ?? false,
          keepData: options.keepData ?? false,
        });
        const text = [
          changed === 0 ? `There is no cluster ${cluster} here: nothing to remove.` : `${cluster} is gone.`,
          ...(kept.length === 0 ? [] : ["Its data was kept:", ...kept.map((path) => `  ${path}`)]),
          ...(left.length === 0 ? [] : ["Left, since kctl did not make it:", ...left.map((path) => `  ${path}`)]),
        ].join("\n");
        return { fields: { cluster, changed, kept, left }, text: () => text };
      }),
    );
