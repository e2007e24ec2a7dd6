/** kctl init */
import { Option } from "@commander-js/extra-typings";
import { KctlError } from "../../fault.ts";
import type { Context } from "../../operations/context.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Asks a few questions on a terminal, and takes what the options say and else the defaults without one. What it writes is commented, valid, and comes up as it stands. The JSON Schema is written beside it, so that editors complete and check the spec; commit both.",
    "A file that is there is never written over.",
  ],
  exits: { 2: "an option is wrong, or the file is there already; nothing was written" },
  result: {
    file: "the spec's path, as it was given; null with `-`",
    cluster: "the cluster's name",
    provider: "`local`, `ssh` or `aws`",
    kafka: "the version of Kafka",
    mode: "`kraft` or `zookeeper`",
    nodes: "how many nodes",
    schema: "whether kctl.schema.json was written: one that is there is left; null with `-`",
    spec: "with `-`: the spec's text",
  },
  examples: [
    ["kctl init", "ask, and write kctl.yaml"],
    ["kctl init --yes", "ask nothing: the newest Kafka, three nodes"],
    ["kctl init zk.yaml --kafka 3.9 --mode zookeeper", "three ZooKeeper servers and three brokers"],
    ["kctl init ci.yaml --name ci --nodes 1 --port 19092", "small, and beside another cluster"],
    ["kctl init --provider ssh --addresses 10.0.0.11,10.0.0.12,10.0.0.13", "machines that you have"],
    ["kctl init --provider aws --region eu-central-1 --clients 10.0.0.0/8", "EC2 instances"],
    ["kctl init -", "look at it first"],
  ],
};

/** Shown and completed; what does not fit is refused by the operation, which knows why. */
const choice = <Flags extends string>(flags: Flags, summary: string, choices: readonly string[]) =>
  new Option(flags, summary).choices(choices).argParser((text) => text);

export const initCommand = () =>
  specCommand("init", "write a spec to start with", page)
    .argument("[file]", "where to; - prints it (default: $KCTL_SPEC, else kctl.yaml)")
    .option("--name <name>", "the cluster's name (default: the folder's)")
    .addOption(choice("--provider <provider>", "where it runs (default: local)", ["local", "ssh", "aws"]))
    .option("--kafka <version>", "3.9.1, or 3.9 for the newest of it (default: the newest of all)")
    .addOption(
      choice("--mode <mode>", "who keeps the metadata (default: kraft where it can be)", ["kraft", "zookeeper"]),
    )
    .option("--nodes <n>", "how many nodes, each with a broker (default: 3)")
    .option("--port <port>", "local: where clients come to (default: 9092); every other port moves along")
    .option("--user <user>", "ssh: who logs in (default: root)")
    .option("--addresses <list>", "ssh: the machines, with commas between")
    .option("--region <region>", "aws: the region (default: AWS_REGION, else eu-central-1)")
    .option("--instance-type <type>", "aws: the type of instance (default: m7g.large)")
    .option("--clients <range>", "aws: who may reach the brokers (default: 10.0.0.0/8)")
    .option("--yes", "do not ask: take the defaults")
    .action((file, options) =>
      run(options, async (context) => {
        if (file !== undefined && options.file !== undefined)
          throw new KctlError({ code: "usage", what: "two files are named", fix: "give FILE or -f, not both" });
        const { init } = await import("../../operations/init.ts");
        const specFile = file ?? context.specFile;
        const { choices, text, schemaWritten } = await init(
          { ...context, specFile },
          options,
          options.yes === undefined ? context.ask : null,
        );
        const { name: cluster, provider, kafka, mode, nodes } = choices;
        const fields = { file: specFile === "-" ? null : specFile, cluster, provider, kafka, mode, nodes };
        if (specFile === "-") return { fields: { ...fields, schema: null, spec: text }, text: () => text.trimEnd() };
        return {
          fields: { ...fields, schema: schemaWritten },
          text: () => writtenText(specFile, schemaWritten ?? false, context),
        };
      }),
    );

function writtenText(file: string, schema: boolean, { env }: Context): string {
  // What is printed should work when it is pasted, in a clone and in a package that has kctl too.
  const kctl = env["npm_command"] === "exec" ? "npx kctl" : "kctl";
  const beside = schema
    ? ", and kctl.schema.json beside it for editors"
    : "; kctl.schema.json was there, and is as it was";
  const option = file === "kctl.yaml" ? "" : ` -f ${file}`;
  return `${file} is written${beside}.

Try
  ${kctl} plan${option}
  ${kctl} up${option} --smoke-test`;
}
