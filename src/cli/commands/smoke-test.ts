/** kctl smoke-test */
import { smokeTestText } from "../../report/smoke-test-text.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Creates the topic `test_log`, writes to it and reads from it as clients do, says of each check what it proved, and deletes the topic. A topic of that name that is somebody's is left alone.",
    "With `--failover` it then stops one broker in order and starts it again, while records go through with acks=all, and tells the longest pause. It is one that is not the controller, as long as another may go. On a terminal it asks first; interrupted, it sees the broker started again. With one broker it does not apply, and says so.",
  ],
  exits: { 1: "a check failed" },
  result: {
    checks: "`{name, ok, detail}` of each check",
    failover:
      "with `--failover`: what went through, as `canary` in `kctl up`, and which `broker` was stopped; `null` where none was",
  },
  examples: [
    ["kctl smoke-test", "do records go through, whole, in order, to every replica?"],
    ["kctl smoke-test --failover", "and with one broker gone for a moment?"],
    ["kctl smoke-test --keep", "leave the topic, to look at it"],
  ],
};

export const smokeTestCommand = () =>
  specCommand("smoke-test", "create test_log, write and read through it, and say what that proved", page)
    .option("--keep", "leave the topic")
    .option("--failover", "then stop one broker and start it again, while records go through")
    .option("--yes", "do not ask before a broker is stopped")
    .action((options) =>
      run(options, async (context) => {
        const { smokeTest } = await import("../../operations/smoke-test.ts");
        const { ok, checks, faults, failover } = await smokeTest(context, {
          keep: options.keep ?? false,
          failover: options.failover ?? false,
          yes: options.yes ?? false,
        });
        return {
          ok,
          faults,
          fields: { checks, ...(options.failover === undefined ? {} : { failover }) },
          text: () => smokeTestText(ok, checks),
        };
      }),
    );
