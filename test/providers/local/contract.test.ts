/** The local provider does what every provider must. */
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { localProvider } from "../../../src/providers/local/local-provider.ts";
import { applies, carryOut, cases, type Subject } from "../contract.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "kctl-contract-")));
afterAll(() => rmSync(folder, { recursive: true }));

const open = () => localProvider("demo", { type: "local", folder: ".kctl", port: 9092 }, folder);
const subject: Subject = {
  cluster: "demo",
  nodes: ["kafka-1"],
  open: async () => open(),
  openAway: null,
  openFirst: null,
};

describe("the local provider:", () => {
  const its = cases.filter((one) => applies(one, subject, open()));

  test.each(its)("$name", async (one) => {
    expect(await carryOut(one, subject)).toBe(true);
    expect(existsSync(join(folder, ".kctl"))).toBe(false);
  });
});
