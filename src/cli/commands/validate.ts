/** kctl validate */
import { faultFields } from "../../report/json.ts";
import { faultText } from "../../report/fault-text.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Tells every fault of the spec at once, each with its line and column, an excerpt and the way out. It asks nobody: no network, no server.",
  ],
  result: {
    cluster: "the cluster's name",
    nodes: "how many nodes it has",
    warnings: "what deserves a look, in the form of errors",
  },
  examples: [
    ["kctl validate", "check kctl.yaml"],
    ["kctl validate -f - < staging.yaml", "check what comes on standard input"],
  ],
};

export const validateCommand = () =>
  specCommand("validate", "check the spec without touching or asking anything outside it", page).action((options) =>
    run(options, async (context) => {
      const { validate } = await import("../../operations/validate.ts");
      const { cluster, nodes, warnings } = await validate(context);
      const lines = [
        ...warnings.map((fault) => `warning: ${faultText(fault)}`),
        `${context.specFile} is valid: ${cluster}, ${nodes} node${nodes === 1 ? "" : "s"}.`,
      ];
      return { fields: { cluster, nodes, warnings: warnings.map(faultFields) }, text: () => lines.join("\n") };
    }),
  );
