/**
 * The cases in test/cases/spec: a spec `NAME.yaml`, and in `NAME.txt` the text that a user reads for it. To add one, write the
 * .yaml, run this test with `-u`, and read what it wrote. A first line `# env: A=1 B=2` gives the environment.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { faultText } from "../../src/report/fault-text.ts";
import { loadSpec } from "../../src/spec/load.ts";

const root = new URL("../cases/spec/", import.meta.url);

function environment(text: string): Record<string, string> {
  const [, line] = /^# env: (.*)$/m.exec(text.split("\n", 1)[0] ?? "") ?? [];
  return Object.fromEntries(
    (line ?? "")
      .split(" ")
      .filter(Boolean)
      .map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]),
  );
}

function report(folder: string, name: string): { ok: boolean; text: string } {
  const text = readFileSync(new URL(`${folder}/${name}.yaml`, root), "utf8");
  const result = loadSpec(text, { file: `${name}.yaml`, env: environment(text) });
  const faults = result.ok ? [] : result.faults.map(faultText);
  const warnings = result.warnings.map((warning) => `warning: ${faultText(warning)}`);
  return { ok: result.ok, text: `${[...faults, ...warnings].join("\n\n") || "no faults, no warnings"}\n` };
}

describe.each([
  ["bad", false],
  ["good", true],
] as const)("%s specs", (folder, ok) => {
  const names = readdirSync(new URL(`${folder}/`, root))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length));

  test("there are some, and each text belongs to a spec", () => {
    const texts = readdirSync(new URL(`${folder}/`, root)).filter((file) => file.endsWith(".txt"));
    expect(texts.filter((file) => !names.includes(file.slice(0, -".txt".length)))).toEqual([]);
    expect(names.length).toBeGreaterThan(ok ? 10 : 70);
  });

  test.each(names)("%s", async (name) => {
    const result = report(folder, name);
    await expect(result.text).toMatchFileSnapshot(new URL(`${folder}/${name}.txt`, root).pathname);
    expect(result.ok).toBe(ok);
  });
});
