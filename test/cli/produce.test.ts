/** `kctl produce` as a process, stopped at once while a broker keeps it waiting. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compose } from "../../src/kafka/wire/compose.ts";
import { oneBroker } from "../kafka/support/one-partition.ts";

const [produceKey, producerIdKey] = [0, 22];

test("interrupted twice, it says how many records are confirmed, and not that it would go on from there", async () => {
  let produced = 0;
  const broker = await oneBroker((api) => {
    if (api === producerIdKey) return compose().int32(0).int16(0).int64(7n).int16(0).done();
    if (api !== produceKey) return null;
    produced += 1;
    if (produced > 1) return undefined;
    return compose()
      .array(["t"], (name, part) => {
        part.string(name).array([0], (partition, one) => {
          one.int32(partition).int16(0).int64(0n).int64(-1n).int64(0n);
        });
      })
      .int32(0)
      .done();
  });
  onTestFinished(() => broker.close());
  const folder = await mkdtemp(join(tmpdir(), "kctl-produce-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const spec = join(folder, "kctl.yaml");
  await writeFile(spec, `name: theirs\nprovider:\n  type: external\n  bootstrap: 127.0.0.1:${broker.port}\n`);
  const kctl = join(import.meta.dirname, "../../bin/kctl.js");
  const child = spawn(process.execPath, [kctl, "produce", "t", "-f", spec, "--json"], { cwd: folder });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdin.write("a\nb\n");
  await expect.poll(() => produced, { timeout: 10_000 }).toBe(1);
  child.stdin.write("c\n");
  await expect.poll(() => produced, { timeout: 10_000 }).toBe(2);
  child.kill("SIGINT");
  await expect.poll(() => out, { timeout: 10_000 }).toContain('"interrupted"');
  child.kill("SIGINT");
  expect(await exit).toBe(130);
  const result: unknown = JSON.parse(out.trim().split("\n").at(-1) ?? "");
  const what = "stopped at once: 2 records are confirmed";
  expect(result).toMatchObject({ ok: false, records: 2, partitions: [{ records: 2, offset: 1 }], errors: [{ what }] });
  expect(out).not.toContain("goes on from here");
});
