/** The fields of JSON results, as the reference of commands has them: each is there in fact, and no other. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { pageOf } from "../../src/cli/command.ts";
import { program } from "../../src/cli/program.ts";
import { kctl, newPlace, type Place } from "./kctl.ts";

const tree = program();
const commands = tree
  .createHelp()
  .visibleCommands(tree)
  .filter((command) => command.name() !== "help");

/** The life of a cluster by every command, each with the options that add something to its result. */
const life: readonly (readonly [command: string, ...args: string[]])[] = [
  ["init", "-"],
  ["validate"],
  ["schema"],
  ["iam-policy"],
  ["completion", "bash"],
  ["render"],
  ["render", "--out", "rendered"],
  ["fetch"],
  ["check"],
  ["plan", "--out", "reviewed.json"],
  ["up", "--plan", "reviewed.json", "--step", "--canary", "--smoke-test", "--timing"],
  ["status"],
  ["exec", "--", "true"],
  ["logs"],
  ["history"],
  ["smoke-test", "--failover"],
  ["topics", "list"],
  ["topics", "plan"],
  ["topics", "apply", "--yes"],
  ["produce", "words"],
  ["consume", "words", "--group", "readers"],
  ["lag", "--max-lag", "5"],
  ["offsets", "reset", "readers", "--to", "earliest", "--yes"],
  ["client-config", "--format", "properties"],
  ["hosts"],
  ["doctor"],
  ["diagram"],
  ["diagram", "--out", "picture.svg"],
  ["restart", "--step", "--canary", "kafka-1"],
  ["stop", "--yes"],
  ["start"],
  ["destroy", "--yes"],
];

/** What only a cluster on EC2 tells, one with Kafka Connect or with metrics, or `--watch`: their own tests see these fields. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  up: ["expires"],
  plan: ["costs"],
  destroy: ["region", "destroyed"],
  list: ["region", "clusters"],
  extend: ["cluster", "changed", "from", "expires"],
  connectors: ["cluster", "connectors", "missing", "changes", "changed"],
  metrics: ["cluster", "out", "files"],
  status: ["rates", "events"],
};

describe("the fields of every result", () => {
  test("are those of the reference", async () => {
    const at = await newPlace({
      count: 1,
      version: "4.3.1",
      quorum: "controller",
      more: "topics: [{ name: words, partitions: 1 }]\n",
    });
    await writeFile(
      at.spec,
      (await readFile(at.spec, "utf8")).replace("version: 4.3.1", "version: 4.3.1, external: {}"),
    );
    const withInput: Place = { ...at, inside: (argv) => ["sh", "-c", 'printf "one\\ntwo\\n" | "$@"', "sh", ...argv] };
    const seen = new Map<string, Set<string>>();
    for (const [command, ...args] of life) {
      const { exit, result } = await kctl(command === "produce" ? withInput : at, command, "--json", ...args);
      expect({ command, exit, errors: result?.["errors"] }).toEqual({ command, exit: 0, errors: [] });
      const { type: _type, ok: _ok, errors: _errors, ...fields } = result as Record<string, unknown>;
      const names = seen.get(command) ?? new Set<string>();
      for (const name of Object.keys(fields)) names.add(name);
      seen.set(command, names);
    }
    await rm(at.spec);
    const told = commands.map((command) => {
      const name = command.name();
      return [name, [...(seen.get(name) ?? []), ...(elsewhere[name] ?? [])].toSorted()];
    });
    const documented = commands.map((command) => [
      command.name(),
      Object.keys(pageOf(command)?.result ?? {}).toSorted(),
    ]);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(documented));
  });
});
