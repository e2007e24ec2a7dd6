/** kctl stop */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Ends brokers, then controllers or ZooKeeper servers. Data and configuration stay where they are. On a terminal it asks first.",
  ],
  result: {
    cluster: "the cluster's name",
    changed: "how many servers were ended, with `--machines` machines as well",
  },
  examples: [
    ["kctl stop", "the evening"],
    ["kctl stop --yes", "without asking"],
    ["kctl stop --machines", "on EC2: the machines sleep too"],
  ],
};

export const stopCommand = () =>
  specCommand("stop", "stop the whole cluster in order, and keep its data", page)
    .option("--yes", "do not ask first")
    .option("--machines", "stop the EC2 instances as well, which then cost nothing but their disks")
    .action((options) =>
      run(options, async (context) => {
        const { stop } = await import("../../operations/stop.ts");
        const { cluster, changed } = await stop(context, {
          yes: options.yes ?? false,
          machines: options.machines ?? false,
        });
        const did =
          changed === 0
            ? "nothing of it ran"
            : `${changed} server${changed === 1 ? "" : "s"}${options.machines === true ? " and machines" : ""} ended in order`;
        return {
          fields: { cluster, changed },
          text: () =>
            `${cluster} is stopped: ${did}. Its data stays; \`kctl start${options.machines === true ? " --machines" : ""}\` starts it again.`,
        };
      }),
    );
