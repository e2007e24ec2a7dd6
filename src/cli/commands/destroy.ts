/** kctl destroy */
import { KctlError } from "../../fault.ts";
import type { Context } from "../../operations/context.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run, type Done } from "../run.ts";

const page: CommandPage = {
  about: [
    "`--expired` needs no spec: it removes every cluster in a region of AWS whose `ttl` is past, whatever is left of it, and no other. The region is that of `--region`, else of the spec that `-f` or KCTL_SPEC names, else AWS_REGION.",
    "Shows what data would be lost and asks for the cluster's name. What kctl did not make is left and named. A cluster whose spec says `protected: true` is not removed.",
  ],
  exits: { 2: "there is no terminal to ask on, and no `--yes`" },
  result: {
    cluster: "the cluster's name",
    changed: "how many things were ended or removed",
    kept: "with `--keep-data`: the folders of the data",
    logs: "with `--keep-logs`: the archives that were written, one a server",
    region: "with `--expired`: the region",
    destroyed: "with `--expired`, and then only: `{cluster, expires, removed}` of each cluster",
    left: "what lay among kctl's folders and is not kctl's",
  },
  examples: [
    ["kctl destroy", "servers, files and data, after a question"],
    ["kctl destroy --yes", "without the question: for CI"],
    ["kctl destroy --keep-logs logs", "the servers' logs come here first, as logs/NODE-ROLE.tar.gz"],
    ["kctl destroy --expired --region eu-central-1 --yes", "what was to have ended itself: for a nightly job"],
    ["kctl destroy --keep-data", "the next `kctl up` of the same spec goes on with the data"],
  ],
};

export const destroyCommand = () =>
  specCommand("destroy", "remove all that up made, data included, and nothing else", page)
    .option("--yes", "do not ask for the cluster's name")
    .option("--keep-data", "leave the data and say where it is")
    .option("--keep-logs <folder>", "bring the servers' logs into this folder first")
    .option("--expired", "every cluster in a region of AWS whose end is past, without a spec")
    .option("--region <region>", "with --expired: the region (default: the spec's, else AWS_REGION)")
    .action((options) =>
      run(options, async (context) => {
        if (options.expired) return expired(options, context);
        if (options.region !== undefined)
          throw new KctlError({
            code: "usage",
            what: "--region goes with --expired",
            fix: "leave it out: the spec says it",
          });
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

type Options = {
  readonly file?: string | undefined;
  readonly yes?: true | undefined;
  readonly keepData?: true | undefined;
  readonly keepLogs?: string | undefined;
  readonly region?: string | undefined;
};

async function expired({ file, yes, keepData, keepLogs, region }: Options, context: Context): Promise<Done> {
  if (keepData || keepLogs !== undefined)
    throw new KctlError({
      code: "usage",
      what: "--expired keeps neither data nor logs: the machines have ended, or are about to",
      fix: "leave --keep-data and --keep-logs out",
    });
  const { destroyExpired } = await import("../../operations/destroy-expired.ts");
  const spec = file !== undefined || (context.env["KCTL_SPEC"] ?? "") !== "";
  const done = await destroyExpired(context, { region: region ?? null, spec, yes: yes ?? false });
  const { destroyed, faults } = done;
  const lines = destroyed.map(({ cluster, expires }) => `${cluster} is gone: its end was ${expires}.`);
  const changed = destroyed.reduce((sum, { removed }) => sum + removed, 0);
  return {
    faults,
    fields: { region: done.region, destroyed, changed },
    text: () => lines.join("\n") || `No cluster in ${done.region} is past its end.`,
  };
}
