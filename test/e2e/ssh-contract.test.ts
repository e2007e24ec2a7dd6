/** The ssh provider does what every provider must, on real machines: the cases run in the machines' network. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lab, type Lab } from "../lab/lab.ts";
import { difference, type Files } from "../lab/files.ts";
import { cases } from "../providers/contract.ts";
import type { Told } from "../providers/tell-cases.ts";

const runner = join(import.meta.dirname, "../providers/ssh/run-contract.ts");

/** With sudo: the longer way of the two. */
const login = "admin";

/** Left by useradd and sudo themselves. */
const notKctls = /^\/etc\/(group|gshadow|passwd|shadow)-: |^\/home\/admin\/\.sudo_as_admin_successful: /;

describe("the ssh provider:", () => {
  let it: Lab;
  let told = new Map<string, string>();
  let before: readonly Files[] = [];

  beforeAll(async () => {
    it = await lab({ hosts: 2, login });
    before = await Promise.all(it.hosts.map((host) => host.files()));
    const { status, stdout, stderr } = await it.run([process.execPath, runner, login]);
    if (status !== 0) throw new Error(`the cases did not come to their end: ${stderr}`);
    const lines = stdout.trimEnd().split("\n");
    told = new Map(lines.map((line) => JSON.parse(line) as Told).map(({ name, how }) => [name, how]));
  });
  afterAll(async () => it?.stop());

  test.each(cases)("$name", ({ name }) => {
    expect(told.get(name)).toBe("passed");
  });

  test("and the machines are as they were", async () => {
    const after = await Promise.all(it.hosts.map((host) => host.files()));
    for (const [index, files] of after.entries()) {
      const differs = difference(before[index] ?? files, files).filter((line) => !notKctls.test(line));
      expect(differs).toEqual([]);
    }
  });
});
