/** `kctl completion` in real shells: each on a terminal of its own, with TAB pressed. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openTerminal, type Terminal } from "./terminal.ts";

const run = promisify(execFile);

let folder: string;
let env: NodeJS.ProcessEnv;
const kctl = async (...args: readonly string[]): Promise<string> =>
  (await run(inject("kctl"), args, { cwd: folder, env })).stdout;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kctl-completion-"));
  env = { PATH: `${dirname(inject("kctl"))}:${process.env["PATH"]}`, HOME: folder, OUT: join(folder, "out") };
  await kctl("init", "kctl.yaml", "--name", "demo");
  await kctl("init", "other one.yaml", "--nodes", "5");
  await mkdir(join(folder, "some-folder"));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

type Shell = {
  readonly name: string;
  /** What its user has in the file that it reads at its start, and how it is started with that file only. */
  readonly file: string;
  readonly text: string;
  readonly start: string;
};

const shells: readonly Shell[] = [
  {
    name: "bash",
    file: ".bashrc",
    text: "source <(kctl completion bash)\nPS1='ready> '\n",
    start: "bash --noprofile --rcfile .bashrc -i",
  },
  {
    name: "zsh",
    file: ".zshrc",
    text: "autoload -U compinit; compinit -u -D\nsource <(kctl completion zsh)\nPS1='ready> '\n",
    start: "zsh --no-global-rcs -i",
  },
  {
    name: "zsh, from a folder of functions",
    file: ".zshrc",
    text: "kctl completion zsh > _kctl\nfpath=($PWD $fpath)\nautoload -U compinit; compinit -u -D\nPS1='ready> '\n",
    start: "zsh --no-global-rcs -i",
  },
  {
    name: "fish",
    file: "start.fish",
    text: "kctl completion fish | source\nfunction fish_prompt\n  echo 'ready> '\nend\n",
    start: "fish --no-config --private -i --init-command 'source start.fish'",
  },
];

/** It has read its file, and shows its prompt. */
async function openShell({ file, text, start }: Shell): Promise<Terminal> {
  await writeFile(join(folder, file), text);
  const terminal = openTerminal(start, { cwd: folder, env });
  await terminal.see("ready> ");
  return terminal;
}

/** What a line has become after TAB. */
const typed: readonly (readonly [typed: string, wanted: string])[] = [
  ["kctl resta", "kctl restart"],
  ["kctl comp", "kctl completion"],
  ["kctl completion z", "kctl completion zsh"],
  ["kctl up --smo", "kctl up --smoke-test"],
  ["kctl up -f oth", "kctl up -f other one.yaml"],
  ["kctl up --file=oth", "kctl up --file=other one.yaml"],
  ["kctl render --out some", "kctl render --out some-folder"],
  ["kctl init --mode=zoo", "kctl init --mode=zookeeper"],
  ["kctl init --mode zoo", "kctl init --mode zookeeper"],
  ["kctl restart -f other\\ one.yaml bro", "kctl restart -f other one.yaml broker-"],
];

describe.each(shells)("$name", (shell) => {
  test("TAB completes commands, options, their values, files, and nodes of the spec", async () => {
    const terminal = await openShell(shell);
    const out = join(folder, "out");
    for (const [line, wanted] of typed) {
      await writeFile(out, "");
      // Once the word is complete, Ctrl-A goes to the start of the line: it is not run, but written down as the shell splits it.
      terminal.type(`${line}\t\u0001echo > $OUT \n`);
      await expect.poll(() => readFileSync(out, "utf8"), { timeout: 10_000 }).toContain("\n");
      expect(readFileSync(out, "utf8").replace(/\/?\s*$/, ""), terminal.shown()).toBe(wanted);
    }
    terminal.type("exit\n");
    expect(await terminal.ended).toBe(0);
  });
});

describe("the lists", () => {
  test("bash", async () => {
    const ask = async (...words: readonly string[]): Promise<string> => {
      const script = `source <(kctl completion bash); COMP_WORDS=(kctl "$@"); COMP_CWORD=$#; _kctl 2> /dev/null; echo "\${COMPREPLY[*]}"`;
      return (await run("bash", ["-c", script, "bash", ...words], { cwd: folder, env })).stdout;
    };
    expect(await ask("st")).toBe("status stop start\n");
    expect(await ask("restart", "")).toBe("kafka-1 kafka-2 kafka-3\n");
    expect(await ask("restart", "-f", "missing.yaml", "")).toBe("\n");
    expect(await ask("up", "--timeout", "")).toBe("\n");
    const connectors = ["orders-to-file", "bills-to-file"].map((name) => `  - { name: ${name}, class: a.Sink }\n`);
    const node = "nodes:\n  - { name: all, roles: [controller, broker, connect] }\n";
    const text = `name: demo\nprovider: { type: local }\nkafka: { version: 4.3.1 }\n${node}connectors:\n${connectors.join("")}`;
    await writeFile(join(folder, "connect.yaml"), text);
    expect(await ask("connectors", "restart", "-f", "connect.yaml", "")).toBe("orders-to-file bills-to-file\n");
    expect(await ask("connectors", "delete", "-f", "connect.yaml", "bi")).toBe("bills-to-file\n");
    expect(await ask("connectors", "status", "")).toBe("\n");
  });

  test("zsh, with what each is for", async () => {
    const terminal = await openShell(shells[1] as Shell);
    terminal.type("kctl st\t");
    await terminal.see("-- start what is stopped or dead of the cluster");
    expect(terminal.shown()).toContain("-- show machines, services");
    terminal.type("\u0015exit\n");
    await terminal.ended;
  });

  test("fish, with what each is for", async () => {
    const ask = async (line: string): Promise<readonly string[]> => {
      const { stdout } = await run(
        "fish",
        ["--no-config", "-c", `kctl completion fish | source; complete -C '${line}'`],
        {
          cwd: folder,
          env,
        },
      );
      return stdout.trimEnd().split("\n");
    };
    expect(await ask("kctl res")).toEqual([
      "restart\trestart all running servers, or those of a node, one at a time, each when it may go",
    ]);
    expect(await ask("kctl restart ")).toEqual([1, 2, 3].map((n) => `kafka-${n}\tcontroller, broker`));
    expect(await ask("kctl up --timeout ")).toEqual([""]);
  });
});

describe("what is asked at each TAB", () => {
  test("is silent and quick whatever happens", async () => {
    await writeFile(join(folder, "broken.yaml"), "name: [");
    for (const file of ["missing.yaml", "broken.yaml", "some-folder", "-"]) {
      const { stdout, stderr } = await run(inject("kctl"), ["__complete", "--", "restart", "-f", file, ""], {
        cwd: folder,
        env,
        timeout: 5000,
      });
      expect({ file, stderr, stdout: stdout.replace(/^words\n$/, "") }).toEqual({ file, stderr: "", stdout: "" });
    }
  });

  test("is no command that help lists", async () => {
    expect(await kctl("--help")).not.toContain("__complete");
  });
});

test("a shell that kctl does not know is refused with those that it does", async () => {
  await expect(kctl("completion", "tcsh")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Allowed choices are bash, zsh, fish") as unknown,
  });
});

test("each script says at its head how it is put to use", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const [, ...head] = (await kctl("completion", shell)).split("\n");
    expect(head.slice(0, 3).join("\n")).toContain(`kctl completion ${shell}`);
  }
});
