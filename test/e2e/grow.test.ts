/** A running cluster takes up what the spec has more: keepers of its metadata and brokers, without losing a record. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, inject, test } from "vitest";
import { cleanUp, kctl, place, processes, start, type Place, type Quorum } from "./kctl.ts";
import { codesOf } from "./law.ts";

const run = promisify(execFile);
const records = 500;

let at: Place | undefined;
afterEach(async () => {
  if (at !== undefined) await cleanUp(at);
  at = undefined;
});

async function spec(place: Place, version: string, quorum: Quorum, keepers: number, brokers: number): Promise<void> {
  await writeFile(
    place.spec,
    `name: demo
provider: { type: local, port: ${place.port} }
kafka: { version: ${version} }
nodes:
  - { group: keep, count: ${keepers}, roles: [${quorum}] }
  - { group: b, count: ${brokers}, roles: [broker] }
topics: [{ name: kept, partitions: 3 }]
`,
  );
}

const tool = (version: string, name: string): string =>
  join(inject("cache"), `software/kafka_2.13-${version}/bin/kafka-${name}.sh`);

const server = (place: Place): readonly string[] => ["--bootstrap-server", `127.0.0.1:${place.port}`];

async function write(place: Place, version: string): Promise<void> {
  const producing = run(tool(version, "console-producer"), [...server(place), "--topic", "kept"]);
  producing.child.stdin?.end(Array.from({ length: records }, (_, n) => `record ${n}\n`).join(""));
  await producing;
}

async function read(place: Place, version: string): Promise<number> {
  const wanted = ["--topic", "kept", "--from-beginning", "--max-messages", `${records}`, "--timeout-ms", "30000"];
  const { stdout } = await run(tool(version, "console-consumer"), [...server(place), ...wanted]);
  return stdout.split("\n").filter((line) => line.startsWith("record ")).length;
}

const keysOf = (keepers: number, brokers: number, quorum: Quorum): readonly string[] =>
  [
    ...Array.from({ length: keepers }, (_, n) => `keep-${n + 1}/${quorum}`),
    ...Array.from({ length: brokers }, (_, n) => `b-${n + 1}/broker`),
  ].toSorted();

async function brought(place: Place): Promise<number> {
  const { exit, result } = await kctl(place, "up", "--json");
  expect({ exit, errors: result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  return result?.["changed"] as number;
}

const older = [["3.9.2", "controller"]] as const;

describe.each([
  ["3.9.1", "zookeeper"],
  ["4.3.1", "controller"],
  ...(process.env["KCTL_FULL"] === "1" ? older : []),
] as const)("Kafka %s with a %s", (version, quorum) => {
  test("one of each becomes three of each, and what was written stays; a server less is refused", async () => {
    at = await place();
    await spec(at, version, quorum, 1, 1);
    await brought(at);
    await write(at, version);
    await spec(at, version, quorum, 3, 3);
    const plan = await kctl(at, "plan", "--json");
    expect(JSON.stringify(plan.result)).toContain("broker 3 on b-3 gets partitions of new topics only");
    await brought(at);
    expect([...(await processes(at)).keys()].toSorted()).toEqual(keysOf(3, 3, quorum));
    expect(await brought(at)).toBe(0);
    expect(await read(at, version)).toBe(records);
    const { result } = await kctl(at, "status", "--json");
    expect(result).toMatchObject({ healthy: true, brokers: [{ id: 1 }, { id: 2 }, { id: 3 }] });
    if (quorum === "controller")
      expect(result).toMatchObject({ quorum: { voters: [{ id: 3001 }, { id: 3002 }, { id: 3003 }] } });
    expect((await kctl(at, "smoke-test", "--json")).exit).toBe(0);

    const before = await processes(at);
    await spec(at, version, quorum, 2, 3);
    const less = await kctl(at, "up", "--json");
    expect({ exit: less.exit, codes: codesOf(less) }).toEqual({ exit: 1, codes: ["not-built"] });
    expect(JSON.stringify(less.result)).toContain(`keep-3/${quorum} belongs to the cluster and is not in the spec`);
    expect(await processes(at)).toEqual(before);
  });
});

test("ZooKeeper servers join one at a time, also where up is killed as one of them joins", async () => {
  at = await place();
  const version = "3.9.1";
  await spec(at, version, "zookeeper", 1, 1);
  await brought(at);
  await write(at, version);
  await spec(at, version, "zookeeper", 3, 1);
  const plan = await kctl(at, "plan", "--json");
  expect(JSON.stringify(plan.result)).toContain("keep-3/zookeeper joins the ensemble after that");
  const { child, ended } = start(at, "up", "--json");
  let killed = false;
  child.stdout?.on("data", (text: string) => {
    if (!killed && text.includes('"change-started","key":"restart keep-1/zookeeper"')) killed = child.kill("SIGKILL");
  });
  await ended;
  expect(killed).toBe(true);
  // The second is let in before the third is begun.
  expect([...(await processes(at)).keys()]).not.toContain("keep-3/zookeeper");
  await brought(at);
  expect([...(await processes(at)).keys()].toSorted()).toEqual(keysOf(3, 1, "zookeeper"));
  const peers = await Promise.all(
    [1, 2, 3].map(async (n) =>
      readFile(join(at?.folder ?? "", `.kctl/demo/keep-${n}/zookeeper/config/zoo.cfg`), "utf8"),
    ),
  );
  for (const text of peers) expect(text.match(/^server\.\d=/gm)).toEqual(["server.1=", "server.2=", "server.3="]);
  expect(await brought(at)).toBe(0);
  expect(await read(at, version)).toBe(records);
});
