/** kctl history */
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Shows which commands changed something, oldest first: when, by whom, what, and whether they came to their end. It is kept on the cluster's machines (with `local` in its folder), without any values, and goes with `kctl destroy`.",
  ],
  result: {
    cluster: "the cluster's name",
    entries:
      "`{id, at, by, command, changed, titles, ok}` each, the newest last; `titles` are the first 50 changes that were made, `ok` is false where the command failed",
  },
  examples: [
    ["kctl history", "the last commands that changed something"],
    ["kctl history -n 1 --json", "the last one, for a program"],
  ],
};

function count(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 1 to 999.");
  return Number(text);
}

export const historyCommand = () =>
  specCommand("history", "who changed what when", page)
    .addOption(new Option("-n, --last <n>", "how many commands").argParser(count).default(20))
    .action((options) =>
      run(options, async (context) => {
        const [{ history }, { historyText }] = await Promise.all([
          import("../../operations/history.ts"),
          import("../../report/history-text.ts"),
        ]);
        const { cluster, entries } = await history(context, { last: options.last });
        return { fields: { cluster, entries }, text: (paint) => historyText(entries, paint) };
      }),
    );
