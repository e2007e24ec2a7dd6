/** kctl logs */
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { roles } from "../../spec/formats.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";
import { write } from "../write.ts";

const page: CommandPage = {
  about: [
    "Shows the last lines of the servers' own logs, of all nodes or of one, in the order of their times, each with its server's name in front. With `--follow` it goes on with what is written from then on, until Ctrl-C.",
  ],
  result: { lines: "how many lines there were before following began" },
  examples: [
    ["kctl logs", "the last lines of every server"],
    ["kctl logs kafka-2 --role broker --follow", "what that broker says from now on"],
  ],
};

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 1.");
  return Number(text);
}

export const logsCommand = () =>
  specCommand("logs", "the servers' logs, merged by time", page)
    .argument("[node]", "only the servers of this node")
    .addOption(new Option("--role <role>", "only servers of this role").choices(roles))
    .addOption(new Option("-n, --lines <n>", "how many lines of each log").argParser(count).default(20))
    .option("--follow", "go on with what is written from now on")
    .action((node, options) =>
      run(options, async (context) => {
        const { logs } = await import("../../operations/logs.ts");
        const out = write(process.stdout);
        const { lines } = await logs(context, {
          node: node ?? null,
          role: options.role ?? null,
          lines: options.lines,
          follow: options.follow ?? false,
          onLine: ({ member, text }) =>
            out(options.json ? JSON.stringify({ type: "log", member, text }) : `${member} | ${text}`),
        });
        return { fields: { lines } };
      }),
    );
