/** kctl render */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "What is not known before `up` (a cluster's id, the address of a machine that is still to be made) stands as `<known after up>`.",
  ],
  result: {
    files: "`{node, path, content}` each; with `--out` without the content",
    out: "with `--out`: the folder",
  },
  examples: [
    ["kctl render", "print every file"],
    ["kctl render --out rendered", "write them there, to read or compare"],
  ],
};

export const renderCommand = () =>
  specCommand("render", "write every file that each node would get, touching nothing", page)
    .option("--out <dir>", "write them there instead of standard output")
    .action((options) =>
      run(options, async (context) => {
        const { render } = await import("../../operations/render.ts");
        const { files, root } = await render(context);
        const shown = files.map(({ node, path, content }) => ({ node, path: relative(root, path), content }));
        if (options.out === undefined)
          return {
            fields: { files: shown },
            text: () => shown.map(({ path, content }) => `==> ${path} <==\n${content}`).join("\n"),
          };
        const out = resolve(context.cwd, options.out);
        await Promise.all(
          shown.map(async ({ path, content }) => {
            const target = join(out, path);
            await mkdir(dirname(target), { recursive: true });
            await writeFile(target, content);
          }),
        );
        return {
          fields: { out, files: shown.map(({ node, path }) => ({ node, path })) },
          text: () => `${shown.length} files written to ${out}`,
        };
      }),
    );
