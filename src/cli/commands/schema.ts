/** kctl schema */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: ["Editors complete, explain and check a spec with it. `kctl init` writes it beside the spec."],
  result: {
    schema: "the JSON Schema",
  },
  examples: [["kctl schema > kctl.schema.json", "for the line `# yaml-language-server: $schema=kctl.schema.json`"]],
};

export const schemaCommand = () =>
  specCommand("schema", "print the spec's JSON Schema, for editors", page).action((options) =>
    run(options, async () => {
      const { specJsonSchema } = await import("../../spec/json-schema.ts");
      const schema = specJsonSchema();
      return { fields: { schema }, text: () => JSON.stringify(schema, null, 2) };
    }),
  );
