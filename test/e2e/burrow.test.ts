/** Burrow, from its archive to a process that watches this cluster and another; with KCTL_TEST_BURROW_ARCHIVE set, the real one. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { burrowRelease, tell, type Release } from "./burrow-stand-in.ts";
import type { GroupLag } from "../../src/report/lag-shown.ts";
import { cleanUp, expectNothingLeft, kctl, kill, place, processes, type Ended, type Place } from "./kctl.ts";
import { makeTopic } from "./topics.ts";

/** A test that is skipped would prove nothing. */
const isReal = (process.env["KCTL_TEST_BURROW_ARCHIVE"] ?? "") !== "";
const real = isReal ? ["of the archive that is given"] : [];
const standIn = isReal ? [] : ["that stands in"];

describe.each([
  { version: "3.9.1", keeper: "zookeeper" },
  { version: "4.3.1", keeper: "controller" },
])("Kafka $version with a $keeper", ({ version, keeper }) => {
  let at: Place;
  let aside: string;
  let release: Release;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(at, ...args, "--json");
  const errors = ({ result }: Ended) =>
    result?.["errors"] as readonly { readonly what: string; readonly detail?: string }[];
  const keys = async (): Promise<readonly string[]> => [...(await processes(at)).keys()].toSorted();
  const asked = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${at.port - 9092 + 8000}${path}`);
    const text = await answer.text();
    return text.startsWith("{") ? (JSON.parse(text) as unknown) : text;
  };

  beforeAll(async () => {
    at = await place();
    aside = await mkdtemp(join(tmpdir(), "kctl burrow-"));
    release = await burrowRelease(aside);
  });
  afterAll(async () => {
    await cleanUp(at);
    await rm(aside, { recursive: true, force: true });
  });

  const spec = (more = ""): Promise<void> =>
    writeFile(
      at.spec,
      `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version} }
burrow: { version: 1.9.5, archive: "${release.archive}", sha512: ${release.sha512}${more} }
nodes:
  - { name: solo, roles: [${keeper}, broker, burrow] }
`,
    );

  test("an archive that is not what the spec says runs nothing", async () => {
    await spec();
    const text = await readFile(at.spec, "utf8");
    await writeFile(at.spec, text.replace(release.sha512, "0a".repeat(64)));
    const up = await run("up");
    expect(up.exit).toBe(1);
    expect(errors(up).find(({ what }) => what === "no source could give Burrow 1.9.5")?.detail).toContain(
      `is not what the spec's \`sha512\` says: its own is ${release.sha512}`,
    );
    expect(await keys()).not.toContain("solo/burrow");
  });

  test("it comes up after the brokers, and a second up changes nothing", async () => {
    await spec();
    const up = await run("up");
    expect(up.result).toMatchObject({ ok: true, errors: [] });
    expect((await run("up")).result).toMatchObject({ ok: true, changed: 0 });
    expect(await keys()).toEqual(["solo/broker", "solo/burrow", `solo/${keeper}`]);
    expect((await run("status")).result).toMatchObject({
      healthy: true,
      nodes: [{ services: { broker: "running", burrow: "running" } }],
    });
    expect(await asked("/burrow/admin")).toBe("GOOD");
    expect(await asked("/v3/kafka")).toMatchObject({ error: false, clusters: ["demo"] });
    const logs = await kctl(at, "logs", "solo");
    expect(logs.out).toMatch(/^solo\/burrow +\| \{"level":"info"/m);
  });

  test("another cluster restarts it, and nothing else", async () => {
    const before = await processes(at);
    await spec(`, clusters: [{ name: twin, bootstrap: "127.0.0.1:${at.port}" }]`);
    const up = await run("up");
    expect(up.result).toMatchObject({ ok: true, errors: [] });
    const after = await processes(at);
    const moved = [...after.keys()].filter((key) => after.get(key)?.pid !== before.get(key)?.pid);
    expect(moved).toEqual(["solo/burrow"]);
    const { clusters } = (await asked("/v3/kafka")) as { readonly clusters: readonly string[] };
    expect(clusters.toSorted()).toEqual(["demo", "twin"]);
    expect((await run("up")).result).toMatchObject({ ok: true, changed: 0 });
  });

  const groupsOf = ({ result }: Ended) => (result?.["groups"] ?? []) as readonly GroupLag[];

  test.each(standIn)("kctl lag has it judge the groups that it knows (one %s)", async () => {
    const piped = { ...at, inside: (argv: readonly string[]) => ["sh", "-c", 'seq 10 | "$@"', "sh", ...argv] as const };
    await makeTopic(at, "orders", [[1]]);
    expect((await kctl(piped, "produce", "orders", "--partition", "0")).exit).toBe(0);
    for (const group of ["billing", "unheard"])
      await run("consume", "orders", "--group", group, "--from-beginning", "--max", "3");
    const first = { topic: "orders", partition: 0 };
    const partitions = [
      { ...first, status: "STALL" },
      { ...first, partition: 1, status: "OK" },
    ];
    await tell(aside, { demo: { billing: { complete: 1, partitions } } });
    const lag = await run("lag");
    expect({ exit: lag.exit, groups: groupsOf(lag) }).toMatchObject({
      exit: 0,
      groups: [
        {
          group: "billing",
          status: "ERR",
          judgedBy: "burrow",
          complete: 1,
          lag: 7,
          partitions: [{ committed: 3, end: 10, lag: 7, status: "STALL", judgedBy: "burrow" }],
        },
        { group: "unheard", status: "ERR", judgedBy: "kctl", partitions: [{ status: "STOP", judgedBy: "kctl" }] },
      ],
    });
    await tell(aside, { demo: { billing: { complete: 0.5, partitions: [{ ...first, status: "OK" }] } } });
    expect((await kctl(at, "lag")).out).toMatch(
      /^billing +OK +7 [^]*\n\nBurrow judges; it does not know unheard, which kctl judges\.\nIt has seen few commits yet of billing\.\n$/m,
    );
    const untilTwo = (argv: readonly string[]) => ["sh", "-c", `"$@" | sed '/"looks":2/q'`, "sh", ...argv] as const;
    const watched = await kctl({ ...at, inside: untilTwo }, "lag", "billing", "--watch", "--interval", "1s", "--json");
    expect(watched.lines.filter(({ type }) => type === "lag")).toMatchObject(
      [1, 2].map((looks) => ({ type: "lag", looks, warnings: [], groups: [{ status: "OK", judgedBy: "burrow" }] })),
    );

    await kill(at, ["solo/burrow"]);
    const alone = await run("lag");
    // The spec has warnings of its own.
    const warnings = alone.lines.flatMap(({ type, fault }) => (type === "warning" ? [fault] : []));
    expect(alone.exit).toBe(0);
    expect(warnings).toContainEqual(
      expect.objectContaining({
        code: "burrow-unreachable",
        what: "the Burrow of demo tells nothing, so its groups are judged by what kctl sees: solo: connection refused",
      }),
    );
    expect(groupsOf(alone).map(({ judgedBy }) => judgedBy)).not.toContain("burrow");
    expect((await run("start")).result).toMatchObject({ ok: true });
  });

  test("killed, it is missed and started again; it is stopped and started with the others", async () => {
    await kill(at, ["solo/burrow"]);
    // What the killed one has left names a process that is another's by now.
    await writeFile(join(at.folder, ".kctl/demo/solo/burrow/run/burrow.pid"), String(process.pid));
    expect((await run("status")).result).toMatchObject({ healthy: false });
    expect((await run("up")).result).toMatchObject({ ok: true });
    expect((await run("stop", "--yes")).result).toMatchObject({ ok: true });
    expect(await keys()).toEqual([]);
    expect((await run("status")).result).toMatchObject({ errors: [{ what: "demo is stopped" }] });
    expect((await run("start")).result).toMatchObject({ ok: true });
    expect(await asked("/burrow/admin/ready")).toBe("READY");
  });

  test("a cluster that nobody answers for keeps it from starting, and its log says so", async () => {
    await spec(`, clusters: [{ name: gone, bootstrap: "127.0.0.1:1" }]`);
    const up = await run("up");
    expect({ exit: up.exit, errors: errors(up) }).toMatchObject({
      exit: 1,
      errors: [{ code: "service-died", node: "solo", what: "solo/burrow ended while it was starting" }],
    });
    expect(errors(up)[0]?.detail).toContain("failed to start client");
    await spec();
    expect((await run("up")).result).toMatchObject({ ok: true });
  });

  test.each(real)("the real one watches groups", async () => {
    expect((await run("smoke-test")).result).toMatchObject({ ok: true });
    const groups = async () => ((await asked("/v3/kafka/demo/consumer")) as { readonly consumers?: unknown }).consumers;
    await expect.poll(groups, { timeout: 60_000 }).toContain("burrow-demo");
    const lag = async () => await asked("/v3/kafka/demo/consumer/burrow-demo/lag");
    await expect.poll(lag, { timeout: 60_000 }).toMatchObject({ error: false, status: { status: "OK" } });
  });

  test("destroy takes it away", async () => {
    expect((await run("destroy", "--yes")).result).toMatchObject({ ok: true });
    await expectNothingLeft(at);
  });
});
