import { describe, expect, it } from "vitest";
import { allAtOnce, stepByStep } from "../../../src/operations/roll/steps.ts";

describe("step by step", () => {
  it("ends after one where there is no terminal, and tells what is left", async () => {
    const steps = stepByStep({ ask: null });
    expect(await steps.mayGo(["a"], ["a", "b", "c"])).toBe(true);
    expect(steps.left()).toEqual([]);
    expect(await steps.mayGo(["b"], ["b", "c"])).toBe(false);
    expect(steps.left()).toEqual(["b", "c"]);
  });

  it("asks before each on a terminal, and ends at the first no", async () => {
    const asked: string[] = [];
    const answers = ["y", "yes", ""];
    const steps = stepByStep({
      ask: (question) => {
        asked.push(question);
        return Promise.resolve(answers.shift() ?? "");
      },
    });
    expect(await steps.mayGo(["a"], ["a", "b", "c"])).toBe(true);
    expect(await steps.mayGo(["b"], ["b", "c"])).toBe(true);
    expect(await steps.mayGo(["c"], ["c"])).toBe(false);
    expect(steps.left()).toEqual(["c"]);
    expect(asked).toEqual([
      "Restart a now (2 to go after it)? [y/N] ",
      "Restart b now (1 to go after it)? [y/N] ",
      "Restart c now (the last)? [y/N] ",
    ]);
  });

  it("is not asked for otherwise", async () => {
    expect(await allAtOnce.mayGo(["a"], ["a", "b"])).toBe(true);
    expect(await allAtOnce.mayGo(["b"], ["b"])).toBe(true);
  });
});
