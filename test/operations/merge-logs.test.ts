/** Lines of servers that tell the time in their own ways, in one order. */
import { expect, test } from "vitest";
import { mergeByTime } from "../../src/operations/merge-logs.ts";

const at = (time: string): string => String(new Date(time.replace(",", ".").replace(" ", "T")).getTime() / 1000);

test("a broker's, ZooKeeper's and Burrow's lines stand in the order of their times, a stack below its line", () => {
  const logs = {
    broker: ["[2026-11-30 09:00:00,500] INFO one", "java.lang.Exception", "[2026-11-30 09:00:02,000] INFO five"],
    zookeeper: ["2026-11-30 09:00:01,000 [myid:1] - INFO two"],
    burrow: [
      `{"level":"info","ts":${at("2026-11-30 09:00:01,250")},"msg":"three"}`,
      `{"level":"error","ts":${at("2026-11-30 09:00:01,750")},"msg":"four"}`,
    ],
  };
  const merged = mergeByTime(Object.entries(logs).map(([member, lines]) => lines.map((text) => ({ member, text }))));
  expect(merged.map(({ text }) => /one|Exception|two|three|four|five/.exec(text)?.[0])).toEqual([
    "one",
    "Exception",
    "two",
    "three",
    "four",
    "five",
  ]);
});
