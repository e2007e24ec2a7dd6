import { describe, expect, test } from "vitest";
import type { Change, Edge } from "../../src/plan/change.ts";
import { startsOf } from "../../src/plan/starts.ts";

type Kind = Pick<Extract<Change, { kind: "process" }>, "kind" | "verb" | "member">;

function change(key: string, what: Kind | Pick<Change, "kind">, ...after: readonly string[]): Change {
  const edges: readonly Edge[] = after.map((before) => ({ key: before, until: "done" }));
  const common = { key, layer: "host", node: null, title: key, why: [], effect: "none", diff: [], after: edges };
  return { ...common, ...what } as Change;
}

const start = (member: string, ...after: readonly string[]): Change =>
  change(`start ${member}`, { kind: "process", verb: "start", member }, ...after);

describe("the starts of a plan", () => {
  const plan = [
    change("receipt", { kind: "receipt" }),
    change("file a", { kind: "file" }, "receipt"),
    change("file b", { kind: "file" }, "receipt"),
    change("gate", { kind: "gate" }, "start a"),
    start("a", "file a"),
    start("b", "gate"),
    start("new", "receipt"),
    change("roll", { kind: "roll" }, "file b", "start a"),
    start("after", "roll", "start b"),
  ];
  const of = (...which: readonly string[]): string[] => startsOf(plan, new Set(which)).map(({ key }) => key);

  test("come with all that they need, in the plan's order", () => {
    expect(of("b")).toEqual(["receipt", "file a", "gate", "start a", "start b"]);
  });
  test("are those asked for only", () => {
    expect(of("a")).toEqual(["receipt", "file a", "start a"]);
    expect(of()).toEqual([]);
  });
  test("bring no restart with them", () => {
    expect(of("after")).toEqual(["receipt", "file a", "gate", "start a", "start b", "start after"]);
  });
});
