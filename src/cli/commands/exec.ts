/** kctl exec */
import { Option } from "@commander-js/extra-typings";
import { roles } from "../../spec/formats.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";
import { write } from "../write.ts";

const page: CommandPage = {
  about: [
    "Runs a command on every node at the same time, or on those with a role, as root (through sudo where the login is somebody else). Each line that it prints comes with its node's name in front. Several words are the command and its arguments, as they are; one word is a line for the shell: `kctl exec -- 'df -h | head -3'`.",
  ],
  exits: { 1: "it failed on a node, or a node could not be reached: the others are done all the same" },
  result: {
    nodes: "for each node `node` and `code`, its exit status; null where a signal ended it or it was not reached",
  },
  examples: [
    ["kctl exec -- uptime", "on every node"],
    ["kctl exec --role broker -- df -h /var/lib/kctl", "where brokers are"],
  ],
};

export const execCommand = () =>
  specCommand("exec", "run a command on all nodes at the same time", page)
    .addOption(new Option("--role <role>", "only on nodes with this role").choices(roles))
    .argument("<command...>", "the command, after --")
    .action((command, options) =>
      run(options, async (context) => {
        const { exec } = await import("../../operations/exec.ts");
        const [out, err] = [write(process.stdout), write(process.stderr)];
        const { nodes, faults } = await exec(context, {
          command,
          role: options.role ?? null,
          onLine: (node, stream, line) => {
            if (options.json) out(JSON.stringify({ type: "output", node, stream, line }));
            else (stream === "stdout" ? out : err)(`${node} | ${line}`);
          },
        });
        return { fields: { nodes }, faults };
      }),
    );
