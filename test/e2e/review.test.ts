/** What a careful reader broke: links, lost receipts, interrupted rolls. */
import { readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { configure, kctl, newPlace, processes, start } from "./kctl.ts";

const codes = (result: Readonly<Record<string, unknown>> | undefined): readonly string[] =>
  (result?.["errors"] as { code: string }[]).map(({ code }) => code);

describe("one server of each", () => {
  test("a spec that is reached through a link is the same cluster: destroy leaves no process", async () => {
    const at = await newPlace({ count: 1 });
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    const link = `${at.folder}-link`;
    await symlink(at.folder, link);
    try {
      const spec = join(link, "kctl.yaml");
      expect((await kctl(at, "status", "-f", spec, "--json")).exit).toBe(0);
      expect((await kctl(at, "destroy", "--yes", "-f", spec, "--json")).exit).toBe(0);
      expect((await processes(at)).size).toBe(0);
    } finally {
      await rm(link);
    }
  });

  test("without its receipt a cluster is not taken for gone; up writes it anew", async () => {
    const at = await newPlace({ count: 1 });
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    const before = await processes(at);
    await rename(join(at.folder, ".kctl/demo/receipt.json"), join(at.folder, "lost.json"));
    const refused = await kctl(at, "destroy", "--yes", "--json");
    expect({ exit: refused.exit, codes: codes(refused.result) }).toEqual({ exit: 1, codes: ["receipt-unreadable"] });
    const { exit, result } = await kctl(at, "up", "--json");
    expect({ exit, changed: result?.["changed"] }).toEqual({ exit: 0, changed: 1 });
    expect(await processes(at)).toEqual(before);
    expect((await kctl(at, "destroy", "--yes", "--json")).exit).toBe(0);
    expect((await readdir(at.folder)).toSorted()).toEqual(["kctl.yaml", "lost.json"]);
  });

  test("a roll that is interrupted while a server is down starts it again first", async () => {
    const at = await newPlace({ count: 1 });
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    const before = await processes(at);
    await configure(at, { "queued.max.requests": 400 });
    const { child, ended } = start(at, "up", "--json");
    let sent = false;
    child.stdout?.on("data", (text: string) => {
      if (!sent && text.includes('"change-started","key":"restart kafka-1/broker"')) sent = child.kill("SIGINT");
    });
    const { exit, result } = await ended;
    expect({ sent, exit, codes: codes(result) }).toEqual({ sent: true, exit: 130, codes: ["interrupted"] });
    const after = await processes(at);
    expect([...after.keys()].toSorted()).toEqual(["kafka-1/broker", "kafka-1/zookeeper"]);
    expect(after.get("kafka-1/broker")?.pid).not.toBe(before.get("kafka-1/broker")?.pid);
    expect((await kctl(at, "plan", "--json")).result?.["changes"]).toEqual([]);
  });

  test("a node may be called lock", async () => {
    const at = await newPlace({ count: 1 });
    const spec = await readFile(at.spec, "utf8");
    await writeFile(at.spec, spec.replace("group: kafka, count: 1", "name: lock"));
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    expect((await kctl(at, "destroy", "--yes", "--json")).exit).toBe(0);
    expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);
  });
});
