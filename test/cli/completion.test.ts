/** What can stand where the cursor is: read off the real tree of commands, and off one that kctl has not yet. */
import { Argument, Command, Option } from "@commander-js/extra-typings";
import { describe, expect, test } from "vitest";
import { completion, type Completion } from "../../src/cli/completion.ts";
import { program } from "../../src/cli/program.ts";

const kctl = program();

const wordsOf = (found: Completion): readonly string[] | string =>
  found.kind === "words" ? found.words.map(({ word }) => word) : found.kind;

/** The words as a shell splits them; the last is the one with the cursor. */
const at = (...words: readonly string[]): readonly string[] | string => wordsOf(completion(kctl, words));

test("commands, with what each is for; what only programs call is not among them", () => {
  const found = completion(kctl, [""]);
  expect(found).toMatchObject({
    kind: "words",
    words: expect.arrayContaining([
      { word: "up", about: "make the cluster what the spec says, then verify it" },
    ]) as unknown,
  });
  const names = kctl.commands.map((command) => command.name()).filter((name) => !name.startsWith("__"));
  expect(at("")).toEqual([...names, "help"]);
  expect(at("help", "")).toEqual([...names, "help"]);
});

test("every option of every command, but those that stand there already", () => {
  for (const command of kctl.commands.filter((one) => !one.name().startsWith("__"))) {
    const options = command.options.flatMap(({ long }) => long ?? []);
    expect(at(command.name(), "--")).toEqual([...options, "--help"]);
    expect(at(command.name(), "--json", "--")).not.toContain("--json");
  }
  expect(at("up", "-")).toEqual(expect.arrayContaining(["-f", "--file", "-h", "--help"]));
  expect(at("-")).toEqual(["--version", "-V", "--help", "-h"]);
});

describe("values", () => {
  test.each<[readonly string[], readonly string[] | string]>([
    [["up", "-f", ""], "files"],
    [["up", "--file", "x"], "files"],
    [["up", "--file=x"], "files"],
    [["up", "--plan", ""], "files"],
    [["render", "--out", ""], "folders"],
    [["init", ""], "files"],
    [
      ["topics", ""],
      ["list", "describe", "plan", "apply"],
    ],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [
      ["init", "--mode", ""],
      ["kraft", "zookeeper"],
    ],
    [
      ["init", "--mode="],
      ["--mode=kraft", "--mode=zookeeper"],
    ],
    // bash takes a word with an equal sign apart.
    [
      ["init", "--mode", "="],
      ["kraft", "zookeeper"],
    ],
    [
      ["init", "--mode", "=", "k"],
      ["kraft", "zookeeper"],
    ],
    [["up", "--concurrency", ""], []],
    [["up", "--no-such-option=", ""], at("up", "")],
    [["completion", "bash", ""], at("up", "").slice(0, 7)],
    [["up", "--", ""], []],
  ])("%j", (words, wanted) => {
    const found = at(...words);
    expect(words[0] === "completion" && words.length === 3 ? found.slice(0, 7) : found).toEqual(wanted);
  });

  test.each<[readonly string[], string | null]>([
    [["restart", ""], null],
    [["restart", "--yes", "kaf"], null],
    [["restart", "-f", "a.yaml", ""], "a.yaml"],
    [["restart", "-fa.yaml", ""], "a.yaml"],
    [["restart", "--file=a.yaml", ""], "a.yaml"],
    [["restart", "--file", "=", "a.yaml", ""], "a.yaml"],
    [["restart", "-f", '"a b.yaml"', ""], "a b.yaml"],
    [["restart", "-f", "a\\ b.yaml", ""], "a b.yaml"],
    [["restart", "-f", "it's.yaml", ""], "it's.yaml"],
    [["restart", "--", ""], null],
  ])("names of nodes: %j", (words, file) => {
    expect(completion(kctl, words)).toEqual({ kind: "from-spec", what: "nodes", file });
  });
});

test("names of connectors, for whatever is done with them; those that stand there do not end it", () => {
  for (const action of ["status", "restart", "pause", "resume", "delete", "apply"]) {
    const wanted = { kind: "from-spec", what: "connectors", file: null };
    expect(completion(kctl, ["connectors", action, ""])).toEqual(wanted);
    expect(completion(kctl, ["connectors", action, "orders", "bi"])).toEqual(wanted);
  }
  expect(at("connectors", "")).toContain("restart");
});

test("a new command is completed without a line of its own: commands below commands, topics, many arguments", () => {
  const topics = new Command("topics");
  topics.addCommand(new Command("describe").argument("[topic...]"));
  topics.addCommand(new Command("list").addOption(new Option("--as <form>").choices(["wide", "narrow"])));
  const tool = new Command("tool")
    .addCommand(topics)
    .addCommand(new Command("see").addArgument(new Argument("<node>")));
  expect(wordsOf(completion(tool, ["topics", ""]))).toEqual(["describe", "list", "help"]);
  expect(wordsOf(completion(tool, ["topics", "list", "--as", ""]))).toEqual(["wide", "narrow"]);
  const topic = { kind: "from-spec", what: "topics", file: null };
  expect(completion(tool, ["topics", "describe", ""])).toEqual(topic);
  expect(completion(tool, ["topics", "describe", "a", "b", ""])).toEqual(topic);
  expect(wordsOf(completion(tool, ["see", "one", ""]))).toEqual(["--help"]);
});
