/** kctl smoke-test */
import type { SmokeResult } from "../../kafka/smoke-test/result.ts";
import type { SmokeTestResult } from "../../operations/smoke-test.ts";
import { smokeTestText } from "../../report/smoke-test-text.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Creates the topic `test_log`, writes to it and reads from it as clients and consumer groups do, says of each check what it proved, and deletes the topic and the groups. A topic of that name that is somebody's is left alone.",
    "With `--failover` it then stops one broker in order and starts it again, while records go through with acks=all, and tells the longest pause. It is one that is not the controller, as long as another may go. On a terminal it asks first; interrupted, it sees the broker started again. With one broker it does not apply, and says so.",
  ],
  exits: { 1: "a check failed" },
  result: {
    checks: "`{name, ok, detail, seconds, waited}` of each check",
    seconds: "how long all of it took",
    waited: "how much of that went by waiting for coordinators of consumer groups; so it is for each check",
    failover:
      "with `--failover`: what went through, as `canary` in `kctl up`, and which `broker` was stopped; `null` where none was",
  },
  examples: [
    ["kctl smoke-test", "do records go through, whole, in order, to every replica?"],
    ["kctl smoke-test --failover", "and with one broker gone for a moment?"],
    ["kctl smoke-test --junit report.xml", "for CI: a report also where it fails, or could not begin"],
    ["kctl smoke-test --keep", "leave the topic, to look at it"],
  ],
};

export const smokeTestCommand = () =>
  specCommand("smoke-test", "create test_log, write and read through it, and say what that proved", page)
    .option("--keep", "leave the topic")
    .option("--failover", "then stop one broker and start it again, while records go through")
    .option("--yes", "do not ask before a broker is stopped")
    .option("--junit <file>", "write a JUnit report, which CI systems read, also where it fails")
    .action((options) =>
      run(options, async (context) => {
        const { smokeTest } = await import("../../operations/smoke-test.ts");
        const test = (tested: (result: SmokeResult) => void): Promise<SmokeTestResult> =>
          smokeTest(context, {
            keep: options.keep ?? false,
            failover: options.failover ?? false,
            yes: options.yes ?? false,
            tested,
          });
        const result = await (options.junit === undefined
          ? test(() => undefined)
          : (await import("../../operations/junit-file.ts")).withJunit(context, options.junit, test));
        const { ok, checks, faults, seconds, waited, failover } = result;
        return {
          ok,
          faults,
          fields: { checks, seconds, waited, ...(options.failover === undefined ? {} : { failover }) },
          text: () => smokeTestText(result),
        };
      }),
    );
