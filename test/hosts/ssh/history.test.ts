/** The history on hosts, by the real script in each shell. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KctlError } from "../../../src/fault.ts";
import { mergeHistories, type HistoryEntry } from "../../../src/hosts/history.ts";
import { historyLines, historyPath, readHistory } from "../../../src/hosts/ssh/history.ts";
import type { Shell } from "../../../src/hosts/ssh/shell.ts";
import { isRoot, shells, stage, type Stage } from "./support/apply-shell.ts";

const { signal } = new AbortController();
const entry = (id: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  id,
  by: "ann@laptop",
  command: "kctl up",
  changed: 1,
  titles: ["update broker/server.properties"],
  ok: true,
  ...more,
});
const write = async ({ shell }: Stage, what: HistoryEntry): Promise<unknown> =>
  shell.run(`set -u\n${historyLines("demo", what)}\n`, { signal });
const fileOf = ({ root }: Stage): string => join(root, historyPath("demo"));

describe.skipIf(!isRoot).each(Object.keys(shells) as (keyof typeof shells)[])("in %s", (kind) => {
  test("what was done is told once, in order, whatever is in it", async () => {
    const [a, b] = [stage({ kind }), stage({ kind })];
    for (const on of [a, b]) mkdirSync(join(on.root, "var/lib/kctl/demo"), { recursive: true });
    const odd = entry("odd", {
      command: "kctl up -f 'ä\n\\n%s$(x)`y`'",
      titles: Array.from({ length: 60 }, () => "%d\\"),
      ok: false,
    });
    await write(a, entry("one"));
    await write(b, entry("one"));
    appendFileSync(fileOf(a), '{"at":"2026-01-01T00:00:00Z","id":"cut');
    await write(a, odd);
    const { entries, missed } = await readHistory([a.shell, b.shell], "demo", signal);
    expect(missed).toEqual([]);
    const at = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string;
    expect(entries).toEqual([
      { ...entry("one"), at },
      { ...odd, titles: odd.titles.slice(0, 50), at },
    ]);
    expect(statSync(fileOf(a)).mode & 0o777).toBe(0o640);
    expect(readFileSync(fileOf(a), "utf8").split("\n")).toHaveLength(4);
  });
});

describe.skipIf(!isRoot)("history", () => {
  test("is not written into the empty folder where a data volume is to be mounted", async () => {
    const on = stage();
    mkdirSync(join(on.root, "var/lib/kctl/demo"), { recursive: true });
    writeFileSync(join(on.root, "etc/systemd/system/var-lib-kctl-demo.mount"), "");
    await write(on, entry("one"));
    expect(existsSync(fileOf(on))).toBe(false);
    const mounted = stage({ setUp: "mount -t tmpfs none /var/lib/kctl/demo" });
    mkdirSync(join(mounted.root, "var/lib/kctl/demo"), { recursive: true });
    writeFileSync(join(mounted.root, "etc/systemd/system/var-lib-kctl-demo.mount"), "");
    const lines = `${historyLines("demo", entry("one"))}\ncat ${historyPath("demo")}\n`;
    expect((await mounted.shell.run(lines, { signal })).stdout).toContain('"id":"one"');
  });

  test("is not written through a link, nor where the cluster is gone", async () => {
    const on = stage();
    await write(on, entry("one"));
    expect(existsSync(join(on.root, "var/lib/kctl"))).toBe(false);
    mkdirSync(join(on.root, "var/lib/kctl/demo"), { recursive: true });
    symlinkSync("/etc/planted", fileOf(on));
    await write(on, entry("one"));
    expect(existsSync(join(on.root, "etc/planted"))).toBe(false);
    expect(await readHistory([on.shell], "demo", signal)).toEqual({ entries: [], missed: [] });
  });

  test("names a host that could not be asked", async () => {
    const on = stage();
    const error = new KctlError({ code: "host-io", what: "no answer" });
    const away: Shell = { node: "kafka-2", run: () => Promise.reject(error) };
    expect(await readHistory([on.shell, away], "demo", signal)).toEqual({
      entries: [],
      missed: [{ node: "kafka-2", error }],
    });
  });
});

test("clocks that differ: a command is told when the first host wrote it down", () => {
  const line = (id: string, at: string): string => JSON.stringify({ at, ...entry(id) });
  const merged = mergeHistories([
    [line("b", "2026-01-01T10:00:00Z"), line("a", "2026-01-01T09:00:00Z"), "null", "[]", '{"id":1}', ""].join("\n"),
    line("b", "2026-01-01T08:00:00Z"),
  ]);
  expect(merged.map(({ id, at }) => [id, at])).toEqual([
    ["b", "2026-01-01T08:00:00Z"],
    ["a", "2026-01-01T09:00:00Z"],
  ]);
});
