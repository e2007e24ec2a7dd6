/** kctl ssh */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { KctlError } from "../../fault.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Opens a shell on a node, or runs one command there, through the system's own `ssh`, called with the address, user, key, known hosts and jump hosts that kctl itself uses. Its exit status is that of ssh.",
  ],
  exits: { 1: "ssh could not be started" },
  result: {},
  examples: [
    ["kctl ssh kafka-1", "a shell"],
    ["kctl ssh kafka-1 -- journalctl -u 'kctl-*' -n 20", "one command"],
  ],
};

export const sshCommand = () =>
  specCommand("ssh", "open a shell on a node", page)
    .argument("<node>", "where to")
    .argument("[command...]", "what to run there, after --")
    .action((node, command, options) =>
      run(options, async (context) => {
        const { sshCommand: commandOf } = await import("../../operations/ssh.ts");
        const [program = "ssh", ...words] = await commandOf(context, node, command);
        const child = spawn(program, words, { stdio: "inherit" });
        try {
          const [code] = (await once(child, "exit")) as [number | null];
          return { exit: code ?? 1, ok: code === 0 };
        } catch (error) {
          throw new KctlError(
            { code: "usage", what: "ssh could not be started", fix: "install OpenSSH's client" },
            { cause: error },
          );
        }
      }),
    );
