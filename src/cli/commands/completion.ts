/** kctl completion */
import { Argument } from "@commander-js/extra-typings";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Prints a script that makes the shell complete kctl's commands, options and their values, names of nodes included. Its head says where to put it. It asks kctl itself at each TAB, so it need not be made anew when kctl is.",
  ],
  result: { shell: "the shell", script: "the script" },
  examples: [
    ["source <(kctl completion bash)", "bash, in this shell; in ~/.bashrc for every one"],
    ["source <(kctl completion zsh)", "zsh, after `compinit`; in ~/.zshrc for every one"],
    ["kctl completion fish > ~/.config/fish/completions/kctl.fish", "fish, for every shell from now on"],
  ],
};

const shells = ["bash", "zsh", "fish"] as const;

export const completionCommand = () =>
  specCommand("completion", "print a script that makes a shell complete kctl", page)
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .action((shell, options) =>
      run(options, async () => {
        const { readTemplate } = await import("../../templates.ts");
        const script = await readTemplate(`completion/kctl.${shell}`);
        return { fields: { shell, script }, text: () => script.trimEnd() };
      }),
    );
