/** kctl smoke-test */
import { smokeTestText } from "../../report/smoke-test-text.ts";
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const smokeTestCommand = () =>
  specCommand("smoke-test", "create test_log, write and read through it, and say what that proved")
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
