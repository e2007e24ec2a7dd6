/** docs/troubleshooting.md: the messages that it quotes are the source's, its codes and commands exist. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { program } from "../../src/cli/program.ts";
import { faultCodes } from "../../src/fault-codes.ts";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/troubleshooting.md"), "utf8");

/** In paragraphs of their own, and in the second column of a table. */
const quotes = [...page.matchAll(/^(?:> (.+)|\| (?!what )[^|]+ \| ([^|]+) \|.*)$/gm)].map(
  ([, quote, cell]) => quote ?? cell ?? "",
);

test.each(quotes)("the source says: %s", async (quote) => {
  const names = (await readdir(join(root, "src"), { recursive: true })).filter((name) => name.endsWith(".ts"));
  const texts = await Promise.all(names.map((name) => readFile(join(root, "src", name), "utf8")));
  // What stands for a value is in the source a piece of a template, or a name that is put in.
  const literals = texts.map((text) => text.replaceAll(/\$\{[^}]*\}/g, "…").replaceAll(/`\s*\+\s*`/g, ""));
  const parts = quote
    .split("…")
    .map((part) => part.trim())
    .filter((part) => part.length > 3);
  expect(parts.length).toBeGreaterThan(0);
  for (const part of parts) expect(literals.some((text) => text.includes(part)), part).toBe(true);
});

test("its codes are on the page of errors", () => {
  const codes = [...page.matchAll(/\[`([^`]+)`\]\(errors\.md#([^)]+)\)/g)];
  expect(codes.length).toBeGreaterThan(8);
  for (const [, code = "", anchor] of codes) {
    expect(Object.keys(faultCodes)).toContain(code);
    expect(anchor).toBe(code);
  }
});

test("its commands parse", () => {
  const commands = [...page.matchAll(/`kctl ([^`]+)`/g)].map(([, words = ""]) => words);
  expect(commands.length).toBeGreaterThan(10);
  for (const words of commands) {
    const fresh = program();
    for (const command of fresh.commands) command.exitOverride().action(() => undefined);
    expect(() => fresh.exitOverride().parse(words.split(" "), { from: "user" }), words).not.toThrow();
  }
});
