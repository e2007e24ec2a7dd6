/**
 * docs/recipes.md, run: each block of shell in order, in one shell, against a real cluster of the spec that the page names. What it
 * prints is compared with the block of text that follows it, or with nothing; only ports and times may differ.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { newPlace, processes } from "./kctl.ts";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/recipes.md"), "utf8");

type Block = { readonly script: string; readonly prints: string };

/** A block of shell, and of text where that is the next. */
const blocks: readonly Block[] = [...page.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```)?/gms)].map(
  ([, script = "", prints = ""]) => ({ script, prints }),
);
const branchSpec = /^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? "";

/** Where one block ends and the next begins in what the shell prints. */
const mark = "--- next block ---";

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

test("every block does what the page says", { timeout: 400_000 }, async () => {
  expect(blocks.length).toBeGreaterThan(14);
  const at = await newPlace({ name: "local-demo", version: "4.3.1", quorum: "controller" });
  const example = await readFile(join(root, "examples/local-kraft.yaml"), "utf8");
  const spec = example
    .replace("name: local-kraft", "name: local-demo")
    .replace("type: local", `type: local\n  port: ${at.port}`);
  await writeFile(at.spec, spec);
  await writeFile(join(at.folder, "branch.yaml"), branchSpec);

  // The page's ports, moved to free ones: the cluster's, and those of the branch, of which the first is taken.
  const branchPort = at.port + 200;
  const here = (text: string): string =>
    text
      .replaceAll(/\b9(?:092|102|112)\b/g, (port) => String(Number(port) - 9092 + at.port))
      .replaceAll("seq 19092 100 19992", `seq ${branchPort} 100 ${branchPort + 300}`)
      .replaceAll("127.0.0.1:19092", `127.0.0.1:${branchPort + 100}`);
  const times = (text: string): string => text.replaceAll(/\b\d+(\.\d+)? s$/gm, "N s");

  const taken = await listen(branchPort);
  onTestFinished(async () => {
    taken.close();
    await once(taken, "close");
  });
  const script = [
    "set -eo pipefail",
    "kctl up --quiet > /dev/null",
    ...blocks.map(({ script: lines }) => `echo '${mark}'\n${here(lines)}`),
  ].join("\n");
  const ended = await new Promise<{ readonly exit: number | null; readonly out: string; readonly err: string }>(
    (resolve) => {
      // Kafka's tools are Java: without LANG they cannot read a path that has an é.
      const env = { ...at.env, LANG: "C.UTF-8", PATH: `${dirname(inject("kctl"))}:${process.env["PATH"]}` };
      const child = execFile(
        "bash",
        ["--noprofile", "--norc", "-c", script],
        { cwd: at.folder, env },
        (_, out, err) => {
          resolve({ exit: child.exitCode, out, err });
        },
      );
    },
  );
  const printed = ended.out.split(`${mark}\n`).slice(1);
  expect(printed.length, ended.err).toBe(blocks.length);
  for (const [index, { script: lines, prints }] of blocks.entries())
    expect(times(printed[index] ?? ""), `${lines}\n${ended.err}`).toBe(times(here(prints)));
  expect(ended.exit, ended.err).toBe(0);
  expect((await processes(at)).size).toBe(0);
});
