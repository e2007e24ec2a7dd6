/** kctl schema */
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const schemaCommand = () =>
  specCommand("schema", "print the spec's JSON Schema, for editors").action((options) =>
    run(options, async () => {
      const { specJsonSchema } = await import("../../spec/json-schema.ts");
      const schema = specJsonSchema();
      return { fields: { schema }, text: () => JSON.stringify(schema, null, 2) };
    }),
  );
