/** `kctl smoke-test` as users and CI jobs run it: how long it takes, and the JUnit report. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { junitSchemas, type JunitSchemas } from "../report/junit-schemas.ts";
import { cleanUp, kctl, kill, newPlace, place, type Ended, type Place } from "./kctl.ts";

type Check = { readonly name: string; readonly ok: boolean; readonly seconds: number; readonly waited: number };

const checksOf = ({ result }: Ended): readonly Check[] => result?.["checks"] as readonly Check[];

let schemas: JunitSchemas;
beforeAll(async () => {
  schemas = await junitSchemas();
});
afterAll(() => schemas.remove());

/** The report, which both schemas take. */
async function report(file: string): Promise<string> {
  const xml = await readFile(file, "utf8");
  expect(await schemas.verdicts([xml])).toEqual([[null, null]]);
  return xml;
}

describe.each([
  ["3.9.1", "zookeeper"],
  ["4.3.1", "controller"],
] as const)("three brokers of Kafka %s, each with a %s", (version, quorum) => {
  let at: Place;
  beforeAll(async () => {
    at = await place({ version, quorum });
  });
  afterAll(() => cleanUp(at));

  test("up --smoke-test takes less than 10 s for the smoke test, though Kafka makes its topic of offsets in it", async () => {
    const junit = join(at.folder, "up.xml");
    const ended = await kctl(at, "up", "--smoke-test", "--junit", junit, "--json");
    expect({ exit: ended.exit, errors: ended.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
    const { seconds } = ended.result?.["smokeTest"] as { seconds: number };
    expect(seconds).toBeLessThan(10);
    expect(await report(junit)).toContain(`tests="${checksOf(ended).length}" failures="0" errors="0"`);
  });

  test("smoke-test takes less than 3 s of its own, and says where they went", async () => {
    const junit = join(at.folder, "warm.xml");
    const runs: Ended[] = [];
    // The quickest of three: what it takes is its own, what it takes longer is that of whatever else runs on the machine.
    for (let run = 0; run < 3; run += 1) runs.push(await kctl(at, "smoke-test", "--junit", junit, "--json"));
    const figures = runs.map(({ result }) => result as unknown as Omit<Check, "name">);
    expect(Math.min(...figures.map(({ seconds, waited }) => seconds - waited))).toBeLessThan(3);
    expect(Math.min(...figures.map(({ seconds }) => seconds))).toBeLessThan(10);

    const [last] = runs.slice(-1);
    if (last === undefined) throw new Error("it did not run");
    const checks = checksOf(last);
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual(checks.map(({ name }) => [name, true]));
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "every-broker-leads-and-follows",
        "offset-resumed",
        "lag-counted",
        "second-group",
        "order-over-rebalance",
      ]),
    );
    // Nothing takes long that no check tells of.
    const told = checks.reduce((sum, check) => sum + check.seconds, 0);
    expect(told).toBeGreaterThan((figures.at(-1)?.seconds ?? 0) * 0.8);
    const xml = await report(junit);
    for (const { name, seconds } of checks) {
      expect(xml).toContain(`<testcase name="${name}" classname="kctl.smoke-test" time="${seconds.toFixed(3)}"/>`);
    }
    expect((await readdir(at.folder)).filter((name) => name.endsWith(".xml"))).toEqual(["up.xml", "warm.xml"]);
  });

  test("a smoke test that fails writes a report that says what, and how to mend it", async () => {
    await kill(at, ["kafka-2/broker"]);
    const junit = join(at.folder, "failed.xml");
    const { exit } = await kctl(at, "smoke-test", "--junit", junit);
    expect(exit).toBe(1);
    const xml = await report(junit);
    expect(xml).toMatch(/tests="\d+" failures="1" errors="0"/);
    expect(xml).toMatch(/<testcase name="brokers-reachable" .*>\n {6}<failure message=".*" type="[a-z-]+">/);
    expect(xml).toMatch(/^ {2}fix: .*kctl status/m);
  });
});

test("a smoke test that cannot begin writes a report with one error", async () => {
  const at = await newPlace();
  const junit = join(at.folder, "none.xml");
  const { exit } = await kctl(at, "smoke-test", "--junit", junit);
  expect(exit).toBe(1);
  const xml = await report(junit);
  expect(xml).toContain('tests="1" failures="0" errors="1"');
  expect(xml).toContain('<error message="there is no cluster demo here" type="no-cluster">');
});

test("a report that could not be written is refused before anything is done", async () => {
  const at = await newPlace();
  const nowhere = join(at.folder, "missing", "report.xml");
  const test = await kctl(at, "smoke-test", "--junit", nowhere, "--json");
  expect(test).toMatchObject({ exit: 2, result: { errors: [{ code: "usage", where: nowhere }] } });
  expect(JSON.stringify(test.result)).toContain(`there is no folder ${dirname(nowhere)}`);
  const alone = await kctl(at, "up", "--junit", "report.xml", "--json");
  expect(alone).toMatchObject({ exit: 2, result: { errors: [{ what: "--junit is the report of a smoke test" }] } });
  expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);
});
