/** kctl smoke-test */
import { smokeTestText } from "../../report/smoke-test-text.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Creates the topic `test_log`, writes to it and reads from it as clients do, says of each check what it proved, and deletes the topic. A topic of that name that is somebody's is left alone.",
  ],
  exits: { 1: "a check failed" },
  result: {
    checks: "`{name, ok, detail}` of each check",
  },
  examples: [
    ["kctl smoke-test", "do records go through, whole, in order, to every replica?"],
    ["kctl smoke-test --keep", "leave the topic, to look at it"],
  ],
};

export const smokeTestCommand = () =>
  specCommand("smoke-test", "create test_log, write and read through it, and say what that proved", page)
    .option("--keep", "leave the topic")
    .action((options) =>
      run(options, async (context) => {
        const { smokeTest } = await import("../../operations/smoke-test.ts");
        const { ok, checks, faults } = await smokeTest(context, { keep: options.keep ?? false });
        return {
          ok,
          faults,
          fields: { checks },
          text: () => smokeTestText(ok, checks),
        };
      }),
    );
