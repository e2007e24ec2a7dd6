/** The page of faults: what goes in comes out, and what no test shows any more goes away. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pageOf, rowsOf, withRows, type Row } from "./page.ts";

const root = join(import.meta.dirname, "../..");
const row = (number: number, file: string, outcome = "the next source is asked"): Row => ({
  number,
  injected: "a | in a name",
  outcome,
  file,
});
const rows = [row(25, "test/e2e/killed.test.ts"), row(58, "test/a.test.ts"), row(58, "test/b.test.ts")];

test("rows come back from the page as they were, in the order of their numbers", () => {
  expect(rowsOf(pageOf(rows.toReversed()))).toEqual(rows);
});

test("the page in docs/ is whole, and its tests are there", async () => {
  const page = await readFile(join(root, "docs/faults.md"), "utf8");
  expect(page).not.toContain("no test yet");
  expect(page).toBe(withRows(page, new Map(), (file) => existsSync(join(root, file))));
});

test("a fault without a test is said to have none", () => {
  expect(pageOf(rows)).toMatch(/^\| 59 \| a source that is slow or silent \| no test yet \| \|$/m);
});

test("a file that was run replaces its rows, one that is gone loses them, the others stay", () => {
  const now = row(58, "test/a.test.ts", "it is refused");
  const page = withRows(pageOf(rows), new Map([["test/a.test.ts", [now]]]), (file) => file !== "test/b.test.ts");
  expect(rowsOf(page)).toEqual([rows[0], now]);
});

test("the page is the same whichever file is run last", () => {
  const [a, b] = [[row(58, "test/a.test.ts")], [row(58, "test/b.test.ts")]];
  const there = (): boolean => true;
  const one = withRows(withRows("", new Map([["test/a.test.ts", a]]), there), new Map([["test/b.test.ts", b]]), there);
  const other = withRows(
    withRows("", new Map([["test/b.test.ts", b]]), there),
    new Map([["test/a.test.ts", a]]),
    there,
  );
  expect(one).toBe(other);
});
