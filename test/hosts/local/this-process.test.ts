/** Whether a process has ended is only said of one that this machine can see. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { processesOf } from "../../../src/hosts/local/machine.ts";
import { hasEnded, thisProcess } from "../../../src/hosts/local/this-process.ts";

test("one that runs has not ended, one that was killed has, and so has one whose pid is another's now", async () => {
  const own = await thisProcess();
  const child = spawn("sleep", ["1000"]);
  const pid = child.pid ?? 0;
  const mark = { ...own, pid, birth: (await processesOf(process.platform).birthOf(pid)) ?? "" };
  expect(await hasEnded(own)).toBe(false);
  expect(await hasEnded(mark)).toBe(false);
  expect(await hasEnded({ ...mark, birth: "another" })).toBe(true);
  child.kill("SIGKILL");
  await once(child, "close");
  expect(await hasEnded(mark)).toBe(true);
  // Of another machine, and of one that says too little, nobody knows.
  expect(await hasEnded({ ...mark, machine: "another" })).toBe(false);
  expect(await hasEnded({ ...mark, birth: "" })).toBe(false);
  expect(await hasEnded({ pid })).toBe(false);
  expect(await hasEnded({})).toBe(false);
});
