/** The law of every verb: plan, nothing touched, up, plan empty; and what breaks is mended by `up`. */
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, expectNothingLeft, kctl, kill, place, processes, type Place } from "./kctl.ts";

let at: Place;
beforeAll(async () => {
  at = await place();
});
afterAll(async () => {
  await cleanUp(at);
});

describe("three ZooKeeper servers and three brokers", () => {
  test("plan shows everything and touches nothing", async () => {
    const { exit, result } = await kctl(at, "plan", "--json", "--check");
    expect(exit).toBe(3);
    const changes = result?.["changes"] as { kind: string }[];
    expect(changes.filter(({ kind }) => kind === "process")).toHaveLength(6);
    expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);
  });

  test("status says that nothing is there", async () => {
    const { exit, result } = await kctl(at, "status", "--json");
    expect(exit).toBe(1);
    expect(result).toMatchObject({
      healthy: false,
      brokers: [],
      partitions: { total: null, underReplicated: null, offline: null },
    });
    expect(result?.["nodes"]).toMatchObject([{ services: { zookeeper: "absent", broker: "absent" } }, {}, {}]);
    expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);
  });

  test("up makes it", async () => {
    const { exit, result, err } = await kctl(at, "up", "--json");
    expect(err).toBe("");
    expect(result).toMatchObject({ ok: true, errors: [] });
    expect(exit).toBe(0);
    expect(result?.["changed"]).toBeGreaterThan(50);
    expect([...(await processes(at)).keys()].toSorted()).toEqual(at.servers);
  });

  test("plan is empty", async () => {
    const { exit, result } = await kctl(at, "plan", "--json", "--check");
    expect({ exit, changes: result?.["changes"] }).toEqual({ exit: 0, changes: [] });
  });

  test("status is well", async () => {
    const { exit, result } = await kctl(at, "status", "--json");
    expect(exit).toBe(0);
    expect(result).toMatchObject({
      ok: true,
      cluster: "demo",
      healthy: true,
      partitions: { underReplicated: 0, offline: 0 },
    });
    const brokers = result?.["brokers"] as { id: number; node: string; controller: boolean; address: string }[];
    expect(brokers.map(({ id, node, address }) => ({ id, node, address }))).toEqual(
      [1, 2, 3].map((id) => ({ id, node: `kafka-${id}`, address: `127.0.0.1:${at.port + 10 * (id - 1)}` })),
    );
    expect(brokers.filter(({ controller }) => controller)).toHaveLength(1);
  });

  test("smoke-test passes and leaves no topic but Kafka's own of committed offsets", async () => {
    const { exit, result } = await kctl(at, "smoke-test", "--json");
    expect(result).toMatchObject({ ok: true, errors: [] });
    expect(exit).toBe(0);
    expect((result?.["checks"] as { ok: boolean }[]).every(({ ok }) => ok)).toBe(true);
    const after = await kctl(at, "status", "--json");
    expect(after.result?.["partitions"]).toEqual({ total: 50, underReplicated: 0, offline: 0 });
  });

  test("a second up changes nothing and restarts nothing", async () => {
    const before = await processes(at);
    const { exit, result } = await kctl(at, "up", "--json");
    expect({ exit, changed: result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
    expect(await processes(at)).toEqual(before);
  });

  test("the servers take less than 2.5 GB together", async () => {
    const { readFile } = await import("node:fs/promises");
    let kilobytes = 0;
    for (const { pid } of (await processes(at)).values()) {
      kilobytes += Number(/^VmRSS:\s+([0-9]+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
    }
    expect(kilobytes).toBeGreaterThan(100_000);
    expect(kilobytes).toBeLessThan(2_500_000);
  });

  test("a broker killed with -9 is seen, planned, and healed by up", async () => {
    const before = await processes(at);
    await kill(at, ["kafka-2/broker"]);
    const seen = await kctl(at, "status", "--json");
    expect(seen.exit).toBe(1);
    expect((seen.result?.["nodes"] as { services: Record<string, string> }[])[1]?.services).toEqual({
      zookeeper: "running",
      broker: "failed",
    });
    const planned = await kctl(at, "plan", "--json");
    expect((planned.result?.["changes"] as { key: string }[]).map(({ key }) => key)).toEqual(["start kafka-2/broker"]);
    const { exit, result } = await kctl(at, "up", "--json");
    expect({ exit, changed: result?.["changed"] }).toEqual({ exit: 0, changed: 1 });
    const after = await processes(at);
    expect(at.servers.filter((key) => before.get(key)?.birth !== after.get(key)?.birth)).toEqual(["kafka-2/broker"]);
  });

  test("all six killed are healed by one up", async () => {
    await kill(at, at.servers);
    const { exit, result } = await kctl(at, "up", "--json");
    expect({ exit, changed: result?.["changed"] }).toEqual({ exit: 0, changed: 6 });
    expect([...(await processes(at)).keys()].toSorted()).toEqual(at.servers);
    const smoke = await kctl(at, "smoke-test", "--json");
    const checks = smoke.result?.["checks"] as { ok: boolean }[];
    expect({ exit: smoke.exit, failed: checks.filter(({ ok }) => !ok) }).toEqual({ exit: 0, failed: [] });
  });

  test("a second kctl is told who is at work", async () => {
    await kill(at, ["kafka-1/broker"]);
    const both = await Promise.all([kctl(at, "up", "--json"), kctl(at, "up", "--json")]);
    const codes = both.map(({ exit, result }) => ({
      exit,
      errors: (result?.["errors"] as { code: string }[]).map(({ code }) => code),
    }));
    expect(codes.toSorted((a, b) => (a.exit ?? 0) - (b.exit ?? 0))).toEqual([
      { exit: 0, errors: [] },
      { exit: 1, errors: ["locked"] },
    ]);
    expect([...(await processes(at)).keys()].toSorted()).toEqual(at.servers);
  });

  test("destroy without --yes and without a terminal touches nothing", async () => {
    const { exit, result } = await kctl(at, "destroy", "--json");
    expect({ exit, errors: result?.["errors"] }).toMatchObject({ exit: 2, errors: [{ code: "confirmation-needed" }] });
    expect((await processes(at)).size).toBe(6);
  });

  test("destroy leaves no process, no port and no file", async () => {
    const { exit } = await kctl(at, "destroy", "--yes", "--json");
    expect(exit).toBe(0);
    await expectNothingLeft(at);
    expect(await kctl(at, "destroy", "--yes", "--json")).toMatchObject({ exit: 0, result: { changed: 0 } });
  });
});
