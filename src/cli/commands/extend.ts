/** kctl extend */
import { lifeSeconds, specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "For a cluster on EC2 that was made with a `ttl`: every machine is told of the later end, then the tags that `kctl list` and `kctl destroy --expired` go by. Where a machine cannot be told, the tags stay as they were, and the same command goes on from there.",
  ],
  result: {
    cluster: "the cluster's name",
    changed: "1",
    from: "when it would have ended",
    expires: "when it ends now",
  },
  examples: [
    ["kctl extend 2h", "two hours more"],
    ["kctl extend 1d -f ci.yaml", "a day more"],
  ],
};

export const extendCommand = () =>
  specCommand("extend", "let a cluster that ends itself live longer", page)
    .argument("<duration>", "how much longer: 30m, 4h, 2d", lifeSeconds)
    .action((seconds, options) =>
      run(options, async (context) => {
        const { extend } = await import("../../operations/extend.ts");
        const { cluster, changed, from, expires } = await extend(context, seconds);
        return {
          fields: { cluster, changed, from, expires },
          text: () => `${cluster} ends at ${expires}, no longer at ${from}.`,
        };
      }),
    );
