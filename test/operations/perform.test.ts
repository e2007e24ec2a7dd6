/** Changes as they are carried out: the receipt that several write side by side, and what is never written. */
import { expect, test } from "vitest";
import type { Context } from "../../src/operations/context.ts";
import { performer } from "../../src/operations/perform.ts";
import type { Survey } from "../../src/operations/survey.ts";
import type { Change } from "../../src/plan/change.ts";

/** A survey of machines `a`, `b`, ... whose users are yet to be made. */
function surveyOf(nodes: readonly string[], writeReceipt: (text: string) => Promise<void>): Survey {
  const hands = { makeUser: () => Promise.resolve(true) };
  return {
    provider: { writeReceipt, platform: {} },
    desired: {
      hosts: nodes.map((node) => ({ node, files: [], folders: [], processes: [], storage: [], machine: {} })),
    },
    hosts: new Map(nodes.map((node) => [node, { node, machine: hands }])),
    observed: { hosts: Object.fromEntries(nodes.map((node) => [node, { machine: {} }])) },
    receipt: { next: { revision: 1, machines: Object.fromEntries(nodes.map((node) => [node, { made: [] }])) } },
  } as unknown as Survey;
}

test("what several machines record at the same time goes in few receipts, and is in one before anything is made", async () => {
  const nodes = Array.from({ length: 30 }, (_, index) => `n${index}`);
  const texts: string[] = [];
  const survey = surveyOf(nodes, async (text) => {
    await new Promise((resolve) => setImmediate(resolve));
    texts.push(text);
  });
  const lock = { stillHeld: () => Promise.resolve(true), release: () => Promise.resolve() };
  const perform = performer(survey, { emit: () => undefined } as unknown as Context, lock);
  await Promise.all(
    nodes.map(async (node) => {
      const step = { kind: "user", user: "kctl" };
      await perform(
        { kind: "machine", key: `user ${node}`, node, step } as unknown as Change,
        () => undefined,
        new Set(),
      );
      const { machines } = JSON.parse(texts.at(-1) ?? "{}") as { machines: Record<string, { made: string[] }> };
      expect(machines[node]?.made).toEqual(["user kctl"]);
    }),
  );
  expect(texts.length).toBeLessThanOrEqual(2);
});

test.each<[string, object]>([
  ["a file", { kind: "file", path: "/etc/a", new: "<known after up>" }],
  ["/etc/hosts", { kind: "machine", step: { kind: "hosts", old: null, new: "<known after up>" } }],
])("%s that rests on what is not known yet is not written", async (_, change) => {
  const written: string[] = [];
  const lock = { stillHeld: () => Promise.resolve(true), release: () => Promise.resolve() };
  const survey = surveyOf(["a"], async (text) => void written.push(text));
  const perform = performer(survey, { emit: () => undefined } as unknown as Context, lock);
  const doing = perform({ key: "it", node: "a", ...change } as unknown as Change, () => undefined, new Set());
  await expect(doing).rejects.toThrow("it rests on what is not known yet");
  expect(written).toEqual([]);
});
