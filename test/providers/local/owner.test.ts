import { mkdtempSync, rmSync, existsSync } from "node:fs";
import { chown } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { localProvider } from "../../../src/providers/local/local-provider.ts";

const folder = mkdtempSync(join(tmpdir(), "kctl-owner-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(process.geteuid?.() !== 0)("a cluster of another user is left alone, and unlocked again", async () => {
  const provider = localProvider("demo", { type: "local", port: 9092, folder: ".kctl" }, folder);
  const first = await provider.lock("up");
  await provider.writeReceipt("{}");
  await first.release();
  await (await provider.lock("up")).release();
  const root = join(folder, ".kctl/demo");
  await chown(join(root, "receipt.json"), 65_534, 65_534);
  await expect(provider.lock("destroy")).rejects.toThrow("demo belongs to another user of this machine (number 65534)");
  expect(existsSync(join(root, ".lock"))).toBe(false);
});
