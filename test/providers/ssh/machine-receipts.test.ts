/** Copies of a receipt on several machines: which one counts, and who is waited for. */
import { expect, test } from "vitest";
import type { Shell } from "../../../src/hosts/ssh/shell.ts";
import { parseReceipt, receiptText } from "../../../src/plan/receipt.ts";
import { machineReceipts } from "../../../src/providers/ssh/machine-receipts.ts";
import { sshPlatform } from "../../../src/providers/ssh/platform.ts";

const { signal } = new AbortController();

const copy = (revision: number): string =>
  receiptText(
    parseReceipt(
      JSON.stringify({
        schema: 1,
        cluster: "demo",
        provider: "ssh",
        kafkaVersion: "4.3.1",
        java: "",
        cache: "",
        clusterId: "c",
        directoryIds: {},
        formatted: [],
        members: { "n1/broker": 1 },
        highest: { broker: 1 },
        folders: [],
        files: [],
        revision,
      }),
    ),
  );
const none = async (): Promise<string> => "";
const told = (text: string) => async (): Promise<string> => text;
const away = async (): Promise<string> => Promise.reject(new Error("no route"));
const silent = async (): Promise<string> => new Promise(() => undefined);

/** Of machines n1, n2 and so on, each with what comes of asking it. */
function receipts(...answers: readonly (() => Promise<string>)[]) {
  const machines = answers.map((answer, index) => {
    const node = `n${index + 1}`;
    const run: Shell["run"] = async () => {
      const stdout = await answer();
      return { code: stdout === "" ? 44 : 0, stdout, stderr: "" };
    };
    return { node, shell: { node, run } };
  });
  const all = machineReceipts(
    "demo",
    () => sshPlatform("demo"),
    () => machines,
    signal,
  );
  const leftOut: string[] = [];
  const readSoon = (): Promise<string | null> =>
    all.read({ patienceMs: 20, leftOut: (nodes) => void leftOut.push(...nodes) });
  return { ...all, readSoon, leftOut };
}

test("the newest counts; whoever has another one is behind, whoever is away is not asked to follow", async () => {
  const all = receipts(told(copy(2)), told(copy(3)), none, away);
  expect(await all.read()).toBe(copy(3));
  expect(all.behind()).toEqual(["n1", "n3"]);
});

test("where nobody can be asked, that is no lack of a receipt", async () => {
  await expect(receipts(away, away).read()).rejects.toThrow(/^no route; no route$/u);
  expect(await receipts(away, none).read()).toBeNull();
});

test("who is silent while others tell theirs is left out soon, and named", async () => {
  const all = receipts(silent, told(copy(2)), away, told(copy(3)), silent);
  expect(await all.readSoon()).toBe(copy(3));
  expect(all.leftOut).toEqual(["n1", "n5"]);
  expect(all.behind()).toEqual(["n2"]);
});

test("who tells later than others, and soon enough, counts too", async () => {
  const late = Promise.withResolvers<string>();
  const all = receipts(told(copy(2)), () => late.promise);
  const read = all.readSoon();
  late.resolve(copy(3));
  expect(await read).toBe(copy(3));
  expect(all.leftOut).toEqual([]);
});

test("while nobody has told a receipt, all are waited for", async () => {
  const late = Promise.withResolvers<string>();
  const all = receipts(none, () => late.promise);
  // Longer than those would have who come after a receipt.
  setTimeout(() => late.resolve(copy(1)), 60);
  expect(await all.readSoon()).toBe(copy(1));
  expect(all.leftOut).toEqual([]);
});
