/** Lag of several clusters, of which not all can be looked at. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import type { Context } from "../../src/operations/context.ts";
import { lag, watchedLag } from "../../src/operations/lag.ts";
import { answering, fakeServer, type FakeServer } from "../kafka/support/fake-server.ts";

let cwd: string;
let server: FakeServer;

const keys = { metadata: 3, offsetFetch: 9, listGroups: 16, apiVersions: 18 } as const;
const versions = [
  [keys.listGroups, 4],
  [keys.offsetFetch, 8],
] as const;
const nothing = (): void => undefined;

/** A cluster of one broker without groups. */
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "kctl-test-lag-"));
  server = await fakeServer(
    answering((request) => {
      const key = request.readInt16BE();
      if (key === keys.listGroups)
        return compose().noTags().int32(0).int16(0).compactArray([], nothing).noTags().done();
      if (key === keys.apiVersions)
        return compose()
          .int16(0)
          .compactArray(versions, ([api, version], part) => void part.int16(api).int16(version).int16(version).noTags())
          .int32(0)
          .noTags()
          .done();
      if (key !== keys.metadata) throw new RangeError(`API key ${key}`);
      return compose()
        .noTags()
        .int32(0)
        .compactArray([server], ({ host, port }, part) => {
          part.int32(1).compactString(host).int32(port).compactString(null).noTags();
        })
        .compactString("a cluster")
        .int32(1)
        .compactArray([], nothing)
        .int32(0)
        .noTags()
        .done();
    }),
  );
});
afterEach(async () => {
  await server.close();
  await rm(cwd, { recursive: true, force: true });
});

async function contextOf(name: string, port: number): Promise<Context> {
  const specFile = `${name}.yaml`;
  const provider = `{ type: external, bootstrap: ["127.0.0.1:${port}"] }`;
  await writeFile(join(cwd, specFile), `name: ${name}\nprovider: ${provider}\n`);
  const { signal } = new AbortController();
  const emit = (): void => undefined;
  return { specFile, cwd, env: {}, home: cwd, signal, timeoutSeconds: 5, emit } as unknown as Context;
}

const saidOf = async (doing: Promise<unknown>): Promise<readonly string[]> => {
  const error: unknown = await doing.catch((reason: unknown) => reason);
  if (!(error instanceof KctlError)) throw new Error("it is told", { cause: error });
  return error.faults.map(({ what }) => what);
};
const isDown = (name: string): string => `no broker of ${name} answers: 127.0.0.1:1 (connection refused)`;

test("one that is down does not hide the others, nor is it forgotten", async () => {
  const contexts = [await contextOf("down", 1), await contextOf("up", server.port)];
  const { groups, faults } = await lag(contexts, null);
  expect({ groups, faults: faults.map(({ what }) => what) }).toEqual({ groups: [], faults: [isDown("down")] });
});

test("one that is back is told from then on", async () => {
  const up = await contextOf("up", server.port);
  const late = await contextOf("late", 1);
  const look = await watchedLag([up, late], null);
  expect((await look()).faults).toHaveLength(1);
  await contextOf("late", server.port);
  expect((await look()).faults).toEqual([]);
});

test("where all are down, each is named", async () => {
  const contexts = [await contextOf("a", 1), await contextOf("b", 1)];
  expect(await saidOf(lag(contexts, null))).toEqual([isDown("a"), isDown("b")]);
});

test("a spec that is at fault is mended first", async () => {
  const contexts = [await contextOf("up", server.port), await contextOf("Wrong name", server.port)];
  expect(await saidOf(lag(contexts, null))).toEqual([expect.stringContaining("`Wrong name` cannot be a name here")]);
});
