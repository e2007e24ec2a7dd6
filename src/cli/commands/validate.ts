/** kctl validate */
import { faultFields } from "../../report/json.ts";
import { faultText } from "../../report/fault-text.ts";
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const validateCommand = () =>
  specCommand("validate", "check the spec without touching or asking anything outside it").action((options) =>
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
