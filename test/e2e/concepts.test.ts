/** docs/concepts.md: every command that it names is run, in its order, on the cluster that it describes. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { newPlace, processes } from "./kctl.ts";

const page = join(import.meta.dirname, "../../docs/concepts.md");

/** Lines of its shell blocks, and what stands as code in its sentences and begins like a command. */
function commandsOf(text: string): readonly string[] {
  const parts = text.matchAll(/```(\w+)\n(.*?)```|`((?:kctl|\$KAFKA\/bin\/)[^`]*)`/gs);
  return [...parts].flatMap(([, language, block = "", inline]) => {
    if (inline !== undefined) return [inline];
    return language === "sh" ? block.trim().split("\n") : [];
  });
}

test("every command of the concepts page works, and shows what the page says", { timeout: 400_000 }, async () => {
  const text = await readFile(page, "utf8");
  const at = await newPlace({ name: "concepts" });
  const [, spec = ""] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  await writeFile(at.spec, spec.replace("{ type: local }", `{ type: local, port: ${at.port} }`));
  const commands = commandsOf(text);
  expect(commands.filter((command) => command.startsWith("kctl")).length).toBeGreaterThan(8);
  const script = commands
    // Whoever names a command in a sentence need not say that no terminal asks.
    .map((command) =>
      command.replaceAll("concepts.yaml", at.spec.replaceAll(" ", "\\ ")).replaceAll(":9092", `:${at.port}`),
    )
    .map((command, index) => `echo "=== ${index}"; { ${command}; } 2>&1; echo "=== exit $?"`);
  const { stdout } = await promisify(execFile)("bash", ["-c", script.join("\n")], {
    cwd: at.folder,
    // Kafka's tools are Java: without it they cannot read a path that has an é.
    env: {
      ...at.env,
      LANG: "C.UTF-8",
      PATH: `${dirname(inject("kctl"))}:${at.env["PATH"] ?? ""}`,
      JAVA_HOME: process.env["JAVA_HOME"],
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  const outputs = stdout.split(/^=== \d+\n/m).slice(1);
  expect(outputs).toHaveLength(commands.length);
  const results = commands.map((command, index) => ({ command, output: outputs[index] ?? "" }));
  expect(results.filter(({ output }) => !output.endsWith("=== exit 0\n"))).toEqual([]);

  const outputOf = (part: string): readonly string[] =>
    results.filter(({ command }) => command.includes(part)).map(({ output }) => output);
  expect(outputOf("kafka-topics.sh")[0]).toMatch(/PartitionCount: 3\s+ReplicationFactor: 3/);
  const anns = (outputOf("print.partition")[0] ?? "").split("\n").filter((line) => line.includes("\tann\t"));
  expect(anns.map((line) => line.split("\t").at(-1))).toEqual(["created", "paid", "sent"]);
  expect(new Set(anns.map((line) => line.split("\t")[0])).size).toBe(1);
  expect(outputOf("--canary")[0]).toMatch(/0 lost/);
  const lags = outputOf("kafka-consumer-groups.sh").map((output) =>
    output
      .split("\n")
      .filter((line) => line.startsWith("billing"))
      .reduce((sum, line) => sum + (Number(line.trim().split(/\s+/)[5]) || 0), 0),
  );
  expect(lags).toEqual([3, 0]);
  expect(await processes(at)).toEqual(new Map());
});
