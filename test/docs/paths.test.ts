/** The pages about the code name files and folders: each is there. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const pages = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/recipes.md", ...(await readdir(join(root, "docs/guides"))).map((name) => `docs/guides/${name}`)];

describe.each(pages)("%s", (page) => {
  test("names only what is there", async () => {
    const text = await readFile(join(root, page), "utf8");
    const named = [...text.matchAll(/`((?:src|test|docs|templates|bin|examples|scripts)\/[A-Za-z0-9_./-]*)`/g)].map((match) => match[1] ?? "");
    const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => join(page, "..", match[1] ?? ""));
    const wanted = [...named, ...linked].filter((path) => !/NAME/.test(path));
    expect(wanted.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
