/** The aws provider does what every provider must, on machines that it launched itself: the cases run in their network. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lab, type Lab } from "../lab/lab.ts";
import { cases } from "../providers/contract.ts";
import type { Told } from "../providers/tell-cases.ts";

const runner = join(import.meta.dirname, "../providers/aws/run-contract.ts");

describe("the aws provider:", () => {
  let it: Lab;
  let home: string;
  let told = new Map<string, string>();

  beforeAll(async () => {
    [it, home] = await Promise.all([lab({ hosts: 0, ec2: true }), mkdtemp(join(tmpdir(), "kctl-home-"))]);
    const { status, stdout, stderr } = await it.run([process.execPath, runner], {
      env: { ...process.env, HOME: home },
    });
    if (status !== 0) throw new Error(`the cases did not come to their end: ${stderr}`);
    const lines = stdout.trimEnd().split("\n");
    told = new Map(lines.map((line) => JSON.parse(line) as Told).map(({ name, how }) => [name, how]));
  }, 600_000);
  afterAll(async () => {
    await it?.stop();
    await rm(home, { recursive: true, force: true });
  });

  test.each(cases)("$name", ({ name }) => {
    expect(told.get(name)).toBe("passed");
  });
});
