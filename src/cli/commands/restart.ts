/** kctl restart */
import { canaryHelp, canaryOf } from "../canary.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Restarts running servers one at a time: ZooKeeper servers and controllers first, then brokers. Before each it asks whether that server may go now, after each it waits until all its replicas are in sync again. It starts nothing that is stopped: `kctl start` does.",
  ],
  result: {
    cluster: "the cluster's name",
    changed: "how many servers were restarted",
    left: "with `--step`: servers that were not restarted yet",
    canary: "with `--canary`: as in `kctl up`",
  },
  examples: [
    ["kctl restart", "all servers, asking first on a terminal"],
    ["kctl restart kafka-2 --yes", "only those of one node, without asking"],
    ["kctl restart --canary", "see that no record is lost meanwhile"],
    ["kctl restart --step", "ask before each of them"],
  ],
};

export const restartCommand = () =>
  specCommand("restart", "restart all running servers, or those of a node, one at a time, each when it may go", page)
    .argument("[node]", "only the servers of this node")
    .option("--yes", "do not ask first")
    .option("--step", "ask before each restart; without a terminal, end after one")
    .option("--canary", canaryHelp)
    .action((node, options) => {
      const canary = canaryOf(options.canary);
      return run(
        options,
        async (context) => {
          const { restart } = await import("../../operations/restart.ts");
          const { cluster, changed, left } = await restart(context, {
            node: node ?? null,
            yes: options.yes ?? false,
            step: options.step ?? false,
            watch: await canary.watch(context),
          });
          const did = `${changed} server${changed === 1 ? "" : "s"} of ${cluster} restarted.`;
          const rest = left.length === 0 ? "" : ` Not restarted: ${left.join(", ")}.`;
          return {
            fields: { cluster, changed, left, ...canary.fields() },
            text: () => `${did}${rest}${canary.text()}`,
          };
        },
        canary.fields,
      );
    });
