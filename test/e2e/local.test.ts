/** What users meet on their own machine: taken ports, edits by hand, servers that cannot start, clusters side by side. */
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { appendFile, mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { configure, kctl, newPlace, processes } from "./kctl.ts";

const codes = (result: Readonly<Record<string, unknown>> | undefined): readonly string[] =>
  (result?.["errors"] as { code: string }[]).map(({ code }) => code);

describe("one server of each", () => {
  test("a taken port is named with its holder, and nothing is touched", async () => {
    const at = await newPlace({ count: 1 });
    const server = createServer().listen(at.port, "127.0.0.1");
    try {
      const { exit, result } = await kctl(at, "up", "--json");
      expect(exit).toBe(1);
      const [error, ...others] = result?.["errors"] as { code: string; what: string }[];
      expect(others).toEqual([]);
      expect(error?.what).toMatch(
        new RegExp(`^port ${at.port}, kafka-1/broker's clients port, is held by process ${process.pid} \\(`),
      );
      expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("up --smoke-test, edits by hand put back, a changed setting rolled, data kept by destroy and taken again", async () => {
    const at = await newPlace({ count: 1 });
    const first = await kctl(at, "up", "--smoke-test", "--json");
    expect({ exit: first.exit, errors: first.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
    expect((first.result?.["checks"] as unknown[]).length).toBeGreaterThan(4);

    const before = await processes(at);
    const properties = join(at.folder, ".kctl/demo/kafka-1/broker/config/server.properties");
    const good = await readFile(properties, "utf8");
    await appendFile(properties, "num.io.threads=1\n");
    const planned = await kctl(at, "plan");
    expect(planned.out).toContain("- num.io.threads=1");
    const mended = await kctl(at, "up", "--json");
    expect({ exit: mended.exit, changed: mended.result?.["changed"] }).toEqual({ exit: 0, changed: 1 });
    expect(await readFile(properties, "utf8")).toBe(good);
    expect(await processes(at)).toEqual(before);

    await configure(at, { "queued.max.requests": 400 });
    const diff = await kctl(at, "plan");
    expect(diff.out).toContain("because kafka.config.queued.max.requests: (not set) → 400");
    const rolled = await kctl(at, "up", "--json");
    expect({ exit: rolled.exit, errors: rolled.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
    const after = await processes(at);
    expect(after.get("kafka-1/zookeeper")).toEqual(before.get("kafka-1/zookeeper"));
    expect(after.get("kafka-1/broker")?.pid).not.toBe(before.get("kafka-1/broker")?.pid);

    const kept = await kctl(at, "destroy", "--keep-data", "--yes", "--json");
    expect(kept.result).toMatchObject({
      ok: true,
      kept: ["zookeeper", "broker"].map((role) => join(at.folder, ".kctl/demo/kafka-1", role, "data")),
    });
    expect((await processes(at)).size).toBe(0);
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    const { result: history } = await kctl(at, "history", "-n", "2", "--json");
    expect(history?.["entries"]).toMatchObject([
      { command: "destroy", ok: true },
      { command: "up", ok: true },
    ]);
    const gone = await kctl(at, "destroy", "--keep-logs", "logs", "--yes", "--json");
    const archives = ["zookeeper", "broker"].map((role) => join(at.folder, "logs", `kafka-1-${role}.tar.gz`));
    expect(gone.result).toMatchObject({ ok: true, logs: archives });
    expect(execFileSync("tar", ["-tzf", archives[1] ?? ""], { encoding: "utf8" })).toContain("./server.log\n");
    expect((await readdir(at.folder)).toSorted()).toEqual(["kctl.yaml", "logs"]);
  });

  test("a broker that cannot start is reported with the reason from its log, and up goes on once it is mended", async () => {
    const at = await newPlace({ count: 1 });
    const spec = await readFile(at.spec, "utf8");
    await configure(at, { "metric.reporters": "no.such.Reporter" });
    const { exit, result } = await kctl(at, "up", "--json");
    expect({ exit, codes: codes(result) }).toEqual({ exit: 1, codes: ["service-died"] });
    const [error] = result?.["errors"] as { detail: string; node: string }[];
    expect(error).toMatchObject({ node: "kafka-1" });
    expect(error?.detail).toContain("Class no.such.Reporter cannot be found");
    await writeFile(at.spec, spec);
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
  });

  test("a symlink planted at a target is not written through", async () => {
    const at = await newPlace({ count: 1 });
    const config = join(at.folder, ".kctl/demo/kafka-1/broker/config");
    const victim = join(at.folder, "victim");
    await writeFile(victim, "mine");
    await mkdir(config, { recursive: true });
    await symlink(victim, join(config, "server.properties"));
    const { exit, result } = await kctl(at, "up", "--json");
    expect({ exit, codes: codes(result) }).toEqual({ exit: 1, codes: ["local-io"] });
    expect(await readFile(victim, "utf8")).toBe("mine");
    expect((await processes(at)).size).toBe(0);
  });

  test("what the user put among kctl's folders is left, and said", async () => {
    const at = await newPlace({ count: 1 });
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    const note = join(at.folder, ".kctl/demo/kafka-1/note.txt");
    await writeFile(note, "mine");
    const { result } = await kctl(at, "destroy", "--yes", "--json");
    expect(result).toMatchObject({ ok: true, left: [note] });
    expect(await readFile(note, "utf8")).toBe("mine");
  });

  test("a protected cluster is not destroyed", async () => {
    const at = await newPlace({ count: 1, more: "protected: true\n" });
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    const { exit, result } = await kctl(at, "destroy", "--yes", "--json");
    expect({ exit, codes: codes(result) }).toEqual({ exit: 1, codes: ["protected"] });
    expect((await processes(at)).size).toBe(2);
  });

  test("ZooKeeper from its own distribution", async () => {
    const at = await newPlace({ count: 1, more: "zookeeper: { version: 3.8.4 }\n" });
    const fetched = await kctl(at, "fetch", "--json");
    expect(
      (fetched.result?.["artifacts"] as { name: string; sha512: string }[]).map(({ name }) => name).toSorted(),
    ).toEqual(["kafka", "zookeeper"]);
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    expect(await readFile(join(at.folder, ".kctl/demo/kafka-1/zookeeper/log/zookeeper.log"), "utf8")).toContain("INFO");
    expect((await kctl(at, "up", "--json")).result?.["changed"]).toBe(0);
  });
});

test("two clusters side by side do not meet", async () => {
  const one = await newPlace({ count: 1, name: "one" });
  expect((await kctl(one, "up", "--json")).exit).toBe(0);
  const two = await newPlace({ count: 1, name: "two" });
  expect(two.port).not.toBe(one.port);
  expect((await kctl(two, "up", "--json")).exit).toBe(0);
  expect((await kctl(two, "destroy", "--yes", "--json")).exit).toBe(0);
  expect(await kctl(one, "status", "--json")).toMatchObject({ exit: 0, result: { healthy: true } });
});

test("render writes every file without touching the cluster's folder", async () => {
  const at = await newPlace({ count: 3 });
  const { exit } = await kctl(at, "render", "--out", "rendered", "--json");
  expect(exit).toBe(0);
  expect((await readdir(at.folder)).toSorted()).toEqual(["kctl.yaml", "rendered"]);
  expect((await readdir(join(at.folder, "rendered/kafka-3/broker/config"))).toSorted()).toEqual([
    "jvm.args",
    "log4j.properties",
    "server.properties",
  ]);
});
