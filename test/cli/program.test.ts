/** What every command says of itself: a page, and examples that parse and that its help shows. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pageOf } from "../../src/cli/command.ts";
import { program } from "../../src/cli/program.ts";

const root = join(import.meta.dirname, "../..");
const kctl = program();
const commands = kctl
  .createHelp()
  .visibleCommands(kctl)
  .filter((command) => command.name() !== "help");

/** The words of kctl in a line of a shell: without what only the shell reads. */
function wordsOf(line: string): readonly string[] {
  const inner = /<\((.*)\)$/.exec(line)?.[1] ?? line;
  const words = inner.replace(/\s[<>].*$/, "").split(" ");
  expect(words.shift(), line).toBe("kctl");
  return words;
}

/** Which command would run; throws where the command line is wrong. */
function parsed(words: readonly string[]): string {
  const fresh = program();
  let ran = "";
  for (const command of fresh.commands) command.action(() => void (ran = command.name()));
  fresh.parse([...words], { from: "user" });
  return ran;
}

describe.each(commands.map((command) => [command.name(), command] as const))("%s", (name, command) => {
  const page = pageOf(command);

  test("has a page with examples", () => {
    expect(command.description()).not.toBe("");
    expect(page?.about.length).toBeGreaterThan(0);
    expect(page?.examples.length).toBeGreaterThan(0);
  });

  test.each(page?.examples ?? [])("example: %s", (line) => {
    expect(parsed(wordsOf(line))).toBe(name);
  });

  test("its help shows them, and so does the reference", () => {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    const reference = readFileSync(join(root, "docs/commands.md"), "utf8");
    const [, section = ""] = reference.split(`\n## kctl ${name}\n`);
    for (const [line, what] of page?.examples ?? []) {
      expect(help).toContain(`  ${line} `);
      expect(help).toContain(what);
      expect(section.split("\n## ")[0]).toContain(line);
    }
  });
});

test("a wrong command line is refused, so that the examples prove something", () => {
  expect(() => parsed(["up", "--smoketest"])).toThrow("unknown option");
  expect(() => parsed(["completion"])).toThrow("missing required argument");
  expect(() => parsed(["validate", "spec.yaml"])).toThrow("too many arguments");
});

test("README lists every command", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  for (const command of commands) expect(readme).toMatch(new RegExp(`^\\| .*\`kctl ${command.name()}\\b`, "m"));
});

test("a reader that has seen enough of a page of help is no failure", () => {
  // bash's `true` has long ended when Node comes to write.
  const line = '"$0" "$1" up --help | true; echo "exit ${PIPESTATUS[0]}"';
  const ran = spawnSync("bash", ["-c", line, process.execPath, join(root, "bin/kctl.js")], { encoding: "utf8" });
  expect(ran).toMatchObject({ stdout: "exit 0\n", stderr: "" });
});
