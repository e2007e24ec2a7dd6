/** kctl start */
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const startCommand = () =>
  specCommand("start", "start what is stopped or dead of the cluster; restart and change nothing").action((options) =>
    run(options, async (context) => {
      const { start } = await import("../../operations/start.ts");
      const { cluster, changed, bootstrap } = await start(context);
      const did = changed === 0 ? "all of it ran already" : `${changed} change${changed === 1 ? "" : "s"}`;
      return {
        fields: { cluster, changed, bootstrap },
        text: () => `${cluster} runs: ${did}. Clients connect to ${bootstrap}`,
      };
    }),
  );
