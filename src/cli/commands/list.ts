/** kctl list */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Every cluster that kctl made in a region of AWS, whoever ran it, by its tag alone: how many machines it has, how old it is, whose it is, when it ends itself, and what is left over of it: volumes that no machine has, groups and key pairs without machines, locks. It needs no spec.",
    "The region is that of `--region`, else of the spec that `-f` or KCTL_SPEC names, else AWS_REGION.",
  ],
  result: {
    region: "the region",
    clusters:
      "of each cluster `{cluster, machines, nodes, owner, since, ageSeconds, expires, leftSeconds, leftOver}`; `machines` counts them by state; `leftSeconds` is null for one that stays, and below zero once its end is past",
  },
  examples: [
    ["kctl list --region eu-central-1", "what is there, and whose is it?"],
    ["kctl list -f ci.yaml", "in the region of that spec"],
  ],
};

export const listCommand = () =>
  specCommand("list", "show every cluster that kctl made in a region of AWS", page)
    .option("--region <region>", "the region (default: the spec's, else AWS_REGION)")
    .action((options) =>
      run(options, async (context) => {
        const [{ list }, { clustersText }] = await Promise.all([
          import("../../operations/list.ts"),
          import("../../report/clusters-text.ts"),
        ]);
        const spec = options.file !== undefined || (context.env["KCTL_SPEC"] ?? "") !== "";
        const { region, clusters } = await list(context, { region: options.region ?? null, spec });
        return { fields: { region, clusters }, text: () => clustersText(region, clusters) };
      }),
    );
