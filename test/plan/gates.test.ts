/** When what waits for others goes on: a table of who serves and who failed. */
import { describe, expect, test } from "vitest";
import { gateState } from "../../src/plan/gates.ts";
import { makePlan } from "../../src/plan/make-plan.ts";
import { nothing, world } from "./support/world.ts";

const members = ["a", "b", "c"];
const starts = (failed: string): ReadonlySet<string> => new Set(failed.split("").map((key) => `start ${key}`));
const state = (wanted: number, serving: string, failed: string): string =>
  gateState({ members, enough: 2 }, wanted, { serving: new Set(serving), failed: starts(failed) });

describe("a gate of", () => {
  test.each([
    ["a", "", "wait"],
    ["ab", "", "open"],
    ["ab", "c", "open"],
    ["a", "b", "wait"],
    ["a", "bc", "shut"],
    ["", "ab", "shut"],
  ])("an ensemble, of which %o serve and %o failed: %s", (serving, failed, expected) => {
    expect(state(2, serving, failed)).toBe(expected);
  });

  test.each([
    ["ab", "", "wait"],
    ["abc", "", "open"],
    ["ab", "c", "open"],
    ["a", "c", "wait"],
    ["a", "bc", "shut"],
    // One that was given up may serve all the same.
    ["ab", "bc", "open"],
  ])("brokers, of which %o serve and %o failed: %s", (serving, failed, expected) => {
    expect(state(3, serving, failed)).toBe(expected);
  });
});

test.each([
  [1, 1, "wait until 1 of 1 broker serves"],
  [2, 2, "wait until 2 of 2 brokers serve"],
  [3, 2, "wait until 3 of 3 brokers serve, or 2 where others fail"],
])("of %i brokers, %i are enough for workers to start", (count, enough, title) => {
  const nodes = [
    { group: "n", count, roles: ["controller", "broker"] },
    { name: "w", roles: ["connect"] },
  ];
  const { changes } = makePlan({ ...world({ nodes }), observed: nothing });
  expect(changes.find(({ key }) => key === "gate broker")).toMatchObject({ enough, title });
  expect(changes.find(({ key }) => key === "start w/connect")?.after).toContainEqual({
    key: "gate broker",
    until: "done",
  });
});
