/** Plans that are put aside and reviewed: `up --plan` carries out that one, or touches nothing. */
import { appendFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, kctl, kill, place, processes, start, type Ended, type Place } from "./kctl.ts";

let at: Place;

const spec = (more = "", roles = "zookeeper", version = "3.9.1"): Promise<void> =>
  writeFile(
    at.spec,
    `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version} }
nodes: [{ name: solo, roles: [${roles}, broker] }]
${more}`,
  );

const errorsOf = ({ result }: Ended) =>
  (result?.["errors"] as { code: string; what: string; detail?: string }[]).map(({ code, detail }) => ({
    code,
    detail,
  }));
const changesOf = ({ result }: Ended) => (result?.["changes"] as { title: string }[]).map(({ title }) => title);

async function killBroker(): Promise<void> {
  await kill(at, ["solo/broker"]);
}

describe("with ZooKeeper", () => {
  beforeAll(async () => {
    at = await place();
    await spec();
  });
  afterAll(() => cleanUp(at));

  test("plan --out writes the plan, for its owner alone, and nothing else", async () => {
    const { exit, result } = await kctl(at, "plan", "--out", "first.json", "--json");
    expect({ exit, out: result?.["out"] }).toEqual({ exit: 0, out: "first.json" });
    expect((await readdir(at.folder)).toSorted()).toEqual(["first.json", "kctl.yaml"]);
    const path = join(at.folder, "first.json");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const saved = JSON.parse(await readFile(path, "utf8")) as { changes: unknown[] };
    expect(saved).toMatchObject({ schema: 1, cluster: "demo", folder: join(at.folder, ".kctl/demo") });
    expect(saved.changes).toEqual(result?.["changes"]);
  });

  test("a run of it that is killed goes on where it was, and then nothing is left", async () => {
    const { child, ended } = start(at, "up", "--plan", "first.json", "--json");
    let text = "";
    child.stdout?.on("data", (more: string) => {
      text += more;
      // The first server has been started, and the other waits for it.
      if (/"change-done","key":"start solo/.test(text)) child.kill("SIGKILL");
    });
    expect((await ended).signal).toBe("SIGKILL");
    const half = await processes(at);
    const { exit, result } = await kctl(at, "up", "--plan", "first.json", "--json");
    expect(result).toMatchObject({ ok: true, errors: [], notInPlan: [] });
    expect(exit).toBe(0);
    const after = await processes(at);
    expect([...after.keys()].toSorted()).toEqual(["solo/broker", "solo/zookeeper"]);
    expect(after.get("solo/zookeeper")).toEqual(half.get("solo/zookeeper"));
    expect(changesOf(await kctl(at, "plan", "--json"))).toEqual([]);
  });

  test("a plan with nothing to change is one too", async () => {
    expect((await kctl(at, "plan", "--check", "--out", "empty.json")).exit).toBe(0);
    const { exit, result } = await kctl(at, "up", "--plan", "empty.json", "--json");
    expect({ exit, changed: result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
  });

  test("another spec than the plan was made for: refused, and nothing is touched", async () => {
    await spec("topics: [{ name: one }]");
    expect((await kctl(at, "plan", "--check", "--out", "topic.json")).exit).toBe(3);
    await spec("topics: [{ name: one, partitions: 2 }, { name: two }]");
    const refused = await kctl(at, "up", "--plan", "topic.json", "--json");
    expect(refused.exit).toBe(1);
    expect(errorsOf(refused)).toEqual([
      {
        code: "plan-stale",
        detail: "different: create topic one with 2 partitions\nadded: create topic two\ndifferent: update the receipt",
      },
    ]);
    expect(changesOf(await kctl(at, "plan", "--json"))).toEqual([
      "update the receipt",
      "create topic one with 2 partitions",
      "create topic two",
    ]);
    await spec("topics: [{ name: one }]");
    const { exit, result } = await kctl(at, "up", "--plan", "topic.json", "--json");
    expect({ exit, changed: result?.["changed"] }).toMatchObject({ exit: 0 });
    expect(changesOf(await kctl(at, "plan", "--json"))).toEqual([]);
  });

  test("a file that somebody edited meanwhile, and a broker that died: refused", async () => {
    await kctl(at, "plan", "--out", "empty.json");
    const file = join(at.folder, ".kctl/demo/solo/broker/config/log4j.properties");
    await appendFile(file, "# mine\n");
    const edited = await kctl(at, "up", "--plan", "empty.json", "--json");
    expect(edited.exit).toBe(1);
    expect(errorsOf(edited)).toEqual([
      { code: "plan-stale", detail: "added: update solo/broker/config/log4j.properties" },
    ]);
    expect(await readFile(file, "utf8")).toContain("# mine");
    await killBroker();
    await kctl(at, "plan", "--out", "both.json");
    const died = await kctl(at, "up", "--plan", "empty.json", "--json");
    expect(errorsOf(died)[0]?.detail).toContain("added: start broker 1 on solo");
    expect((await processes(at)).has("solo/broker")).toBe(false);
    const { exit, result } = await kctl(at, "up", "--plan", "both.json", "--json");
    expect({ exit, changed: result?.["changed"] }).toEqual({ exit: 0, changed: 2 });
  });

  test("a restart that was reviewed is done once", async () => {
    await writeFile(
      at.spec,
      (await readFile(at.spec, "utf8")).replace("3.9.1", "3.9.1, config: { auto.create.topics.enable: false }"),
    );
    const before = await processes(at);
    await kctl(at, "plan", "--out", "roll.json");
    const { exit, result } = await kctl(at, "up", "--plan", "roll.json", "--json");
    expect(result).toMatchObject({ ok: true, errors: [], notInPlan: [] });
    expect(exit).toBe(0);
    const after = await processes(at);
    expect(after.get("solo/broker")).not.toEqual(before.get("solo/broker"));
    expect(after.get("solo/zookeeper")).toEqual(before.get("solo/zookeeper"));
    expect((await kctl(at, "up", "--plan", "roll.json", "--json")).result).toMatchObject({ ok: true, changed: 0 });
    expect(await processes(at)).toEqual(after);
  });

  test("what comes to light once the brokers serve was not reviewed, and is left and said", async () => {
    await killBroker();
    await writeFile(
      at.spec,
      (await readFile(at.spec, "utf8")).replace("{ name: one }", "{ name: one }, { name: three }"),
    );
    await kctl(at, "plan", "--out", "start.json");
    const { exit, lines, result } = await kctl(at, "up", "--plan", "start.json", "--json");
    expect({ exit, notInPlan: result?.["notInPlan"] }).toEqual({ exit: 0, notInPlan: ["create topic three"] });
    expect(
      lines.filter(({ type }) => type === "warning").map(({ fault }) => (fault as { what: string }).what),
    ).toContain("not in this plan, and left for another: create topic three");
    const again = await kctl(at, "up", "--plan", "start.json", "--json");
    expect(again.result).toMatchObject({ ok: true, changed: 0, notInPlan: ["create topic three"] });
    expect((await kctl(at, "up", "--json")).exit).toBe(0);
    expect(changesOf(await kctl(at, "plan", "--json"))).toEqual([]);
  });

  test.each([
    ["missing", null, "plan-unreadable"],
    ["damaged", '{"schema":1', "plan-unreadable"],
    ["of a newer kctl", '{"schema":7}', "plan-unreadable"],
    [
      "of another cluster",
      '{"schema":1,"kctl":"1","cluster":"other","folder":"/","spec":"","servers":{},"changes":[]}',
      "plan-of-another",
    ],
  ])("a plan that is %s: exit 2", async (_name, text, code) => {
    const file = join(at.folder, "bad.json");
    if (text !== null) await writeFile(file, text);
    const ended = await kctl(at, "up", "--plan", "bad.json", "--json");
    expect({ exit: ended.exit, codes: errorsOf(ended).map((error) => error.code) }).toEqual({ exit: 2, codes: [code] });
  });

  test("a folder that is not there, or is the file itself: exit 2", async () => {
    await mkdir(join(at.folder, "folder"));
    for (const out of ["nowhere/plan.json", "folder"]) {
      const ended = await kctl(at, "plan", "--out", out, "--json");
      expect({ exit: ended.exit, errors: errorsOf(ended) }).toMatchObject({ exit: 2, errors: [{ code: "usage" }] });
    }
  });
});

describe("with KRaft", () => {
  beforeAll(async () => {
    at = await place();
    await spec("topics: [{ name: one, partitions: 2 }]", "controller", "4.3.1");
  });
  afterAll(() => cleanUp(at));

  test("ids that nobody could know are filled in", async () => {
    await kctl(at, "plan", "--out", "plan.json");
    expect(await readFile(join(at.folder, "plan.json"), "utf8")).toContain("<known after up>");
    const { exit, result } = await kctl(at, "up", "--plan", "plan.json", "--json");
    expect(result).toMatchObject({ ok: true, errors: [], notInPlan: [] });
    expect(exit).toBe(0);
    expect(changesOf(await kctl(at, "plan", "--json"))).toEqual([]);
    // It was carried out: what is left of it is nothing.
    expect((await kctl(at, "up", "--plan", "plan.json", "--json")).result).toMatchObject({ ok: true, changed: 0 });
  });
});
