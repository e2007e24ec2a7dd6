/** kctl start */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Starts what does not run, in order, and waits until it serves. What runs is left alone, and no file is changed: a spec that was edited meanwhile is for `kctl up`.",
  ],
  result: {
    cluster: "the cluster's name",
    changed: "how many things it did",
    bootstrap: "where clients connect to",
  },
  examples: [
    ["kctl start", "the morning"],
    ["kctl start --machines", "on EC2: after `kctl stop --machines`"],
  ],
};

export const startCommand = () =>
  specCommand("start", "start what is stopped or dead of the cluster; restart and change nothing", page)
    .option("--machines", "start the EC2 instances that are off first")
    .action((options) =>
      run(options, async (context) => {
        const { start } = await import("../../operations/start.ts");
        const { cluster, changed, bootstrap } = await start(context, { machines: options.machines ?? false });
        const did = changed === 0 ? "all of it ran already" : `${changed} change${changed === 1 ? "" : "s"}`;
        return {
          fields: { cluster, changed, bootstrap },
          text: () => `${cluster} runs: ${did}. Clients connect to ${bootstrap}`,
        };
      }),
    );
