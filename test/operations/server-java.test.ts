/** Which Java the servers run on: one that is there, or one to be fetched, by the same path before and after. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { softwareFolder } from "../../src/artifacts/cache.ts";
import { prepareArtifact } from "../../src/artifacts/fetch.ts";
import { faultsOf, KctlError } from "../../src/fault.ts";
import type { Context } from "../../src/operations/context.ts";
import { explained, serverJava, unknownJava } from "../../src/operations/server-java.ts";
import type { Receipt } from "../../src/plan/receipt.ts";
import { specSchema, type Spec } from "../../src/spec/schema.ts";
import { javaHere, jreOf, pretending, realJava } from "../artifacts/jre.ts";
import { kafka, mirrorOf, recorded, temporary } from "../artifacts/support.ts";

/** A version that no machine has. */
const missing = 98;
const real = await realJava();
const java = javaHere(missing);

const specWith = (javaKeys?: object): Spec =>
  specSchema.parse({
    name: "demo",
    provider: { type: "local" },
    kafka: { version: "3.9.1" },
    nodes: [{ group: "n", count: 1, roles: ["zookeeper", "broker"] }],
    ...(javaKeys === undefined ? {} : { java: javaKeys }),
  });

const contextWith = (env: Context["env"], platform: NodeJS.Platform = process.platform): Context =>
  ({ env, platform, signal: new AbortController().signal }) as Pick<Context, "env" | "platform" | "signal"> as Context;

const bare = contextWith({ HOME: "/nowhere" });
const receiptOf = (home: string): Receipt => ({ java: home }) as Pick<Receipt, "java"> as Receipt;

describe("the Java of the servers", () => {
  test("is one of this machine's, and then nothing is fetched", async () => {
    const context = contextWith({ JAVA_HOME: real.home });
    const found = await serverJava(specWith(), null, await temporary(), context);
    expect(found).toEqual({
      home: real.home,
      executable: real.executable,
      temurin: null,
      major: real.major,
      missing: null,
    });
  });

  test("is one to be fetched where none fits, and has its path before it is there, once it is, and when the receipt names it", async () => {
    const archive = await jreOf(java, pretending(real.executable, `${missing}.0.1`));
    const { options } = await recorded({ mirror: await mirrorOf(archive) });
    const { cache } = options;
    const spec = specWith({ version: missing });
    const before = await serverJava(spec, null, cache, bare);
    const home = softwareFolder(cache, java);
    const place = { home, executable: join(home, "bin/java"), temurin: java, major: missing };
    expect(before).toMatchObject({ ...place, missing: { message: `no Java ${missing} was found on this machine` } });
    await prepareArtifact(java, options);
    const there = { ...place, missing: null };
    expect(await serverJava(spec, null, cache, bare)).toEqual(there);
    const receipt = receiptOf(home);
    // It is kept, whatever the PATH offers now; and from a cache that is another by now.
    const context = contextWith({ JAVA_HOME: real.home });
    expect(await serverJava(specWith(), receipt, cache, context)).toEqual(there);
    const elsewhere = await serverJava(specWith(), receipt, await temporary(), context);
    expect(elsewhere).toEqual({ ...there, temurin: null });
    await rm(home, { recursive: true });
    expect(await serverJava(spec, receipt, cache, bare)).toMatchObject(place);
  });

  test("is never fetched in place of the one that the spec names", async () => {
    const folder = join(await temporary(), "empty");
    await mkdir(folder);
    await expect(serverJava(specWith({ home: folder }), null, folder, bare)).rejects.toThrow("which the spec names");
    await expect(serverJava(specWith({ home: folder, version: missing }), null, folder, bare)).rejects.toThrow(
      "which the spec names",
    );
  });

  test("cannot be fetched for every system, which is said", async () => {
    const context = contextWith({ HOME: "/nowhere" }, "freebsd");
    const work = serverJava(specWith({ version: missing }), null, await temporary(), context);
    const [fault] = faultsOf(await work.catch((reason: unknown) => reason));
    expect(fault).toMatchObject({
      code: "java-not-found",
      what: `no Java ${missing} was found on this machine, and none could be fetched`,
    });
    expect(fault?.detail).toMatch(/\nthere is no Temurin for freebsd on \w+$/);
  });
});

describe("a Java that could not be fetched", () => {
  test("is told with what was found here, why it could not be had, and each way out", async () => {
    const { options } = await recorded({ sources: [], mirror: null });
    const wanted = await serverJava(
      specWith({ version: missing }),
      null,
      options.cache,
      contextWith({ JAVA_HOME: real.home }),
    );
    const error: unknown = await prepareArtifact(java, { ...options, sources: [failing] }).catch(
      (reason: unknown) => reason,
    );
    const told = explained(error, java, wanted);
    if (!(told instanceof KctlError)) throw told;
    const [fault] = told.faults;
    expect(fault).toMatchObject({
      code: "java-not-found",
      what: `no Java ${missing} was found on this machine, and none could be fetched`,
    });
    expect(fault?.detail).toContain(`JAVA_HOME, ${real.home}: Java ${real.version}`);
    expect(fault?.detail).toMatch(/\nadoptium: there is none$/);
    expect(fault?.fix).toMatch(
      new RegExp(`${missing}.*; or set JAVA_HOME.*; or put temurin-${missing}-jre-.*artifacts\\.mirror`),
    );
  });

  test("changes nothing about errors of other things", () => {
    const error = new KctlError({ code: "artifact-unavailable", what: "no" });
    const full = new Error("disk full");
    const wanted = { ...unknownJava, missing: new KctlError({ code: "java-not-found", what: "none" }) };
    expect(explained(error, kafka, wanted)).toBe(error);
    expect(explained(error, java, unknownJava)).toBe(error);
    expect(explained(full, java, wanted)).toBe(full);
  });
});

const failing = {
  name: "adoptium",
  get: () => Promise.reject(new KctlError({ code: "artifact-unavailable", what: "there is none" })),
};
