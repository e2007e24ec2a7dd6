/** kctl destroy */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Shows what data would be lost and asks for the cluster's name. What kctl did not make is left and named. A cluster whose spec says `protected: true` is not removed.",
  ],
  exits: { 2: "there is no terminal to ask on, and no `--yes`" },
  result: {
    cluster: "the cluster's name",
    changed: "how many things were ended or removed",
    kept: "with `--keep-data`: the folders of the data",
    logs: "with `--keep-logs`: the archives that were written, one a server",
    left: "what lay among kctl's folders and is not kctl's",
  },
  examples: [
    ["kctl destroy", "servers, files and data, after a question"],
    ["kctl destroy --yes", "without the question: for CI"],
    ["kctl destroy --keep-logs logs", "the servers' logs come here first, as logs/NODE-ROLE.tar.gz"],
    ["kctl destroy --keep-data", "the next `kctl up` of the same spec goes on with the data"],
  ],
};

export const destroyCommand = () =>
  specCommand("destroy", "remove all that up made, data included, and nothing else", page)
    .option("--yes", "do not ask for the cluster's name")
    .option("--keep-data", "leave the data and say where it is")
    .option("--keep-logs <folder>", "bring the servers' logs into this folder first")
    .action((options) =>
      run(options, async (context) => {
        const { destroy } = await import("../../operations/destroy.ts");
        const { cluster, changed, kept, left, logs } = await destroy(context, {
          yes: options.yes ?? false,
          keepData: options.keepData ?? false,
          keepLogs: options.keepLogs ?? null,
        });
        const text = [
          changed === 0 ? `There is no cluster ${cluster} here: nothing to remove.` : `${cluster} is gone.`,
          ...(kept.length === 0 ? [] : ["Its data was kept:", ...kept.map((path) => `  ${path}`)]),
          ...(logs.length === 0 ? [] : ["Logs:", ...logs.map((path) => `  ${path}`)]),
          ...(left.length === 0 ? [] : ["Left, since kctl did not make it:", ...left.map((path) => `  ${path}`)]),
        ].join("\n");
        return { fields: { cluster, changed, kept, left, logs }, text: () => text };
      }),
    );
