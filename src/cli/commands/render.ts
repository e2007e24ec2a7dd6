/** kctl render */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const renderCommand = () =>
  specCommand("render", "write every file that each node would get, touching nothing")
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
