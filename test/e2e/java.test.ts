/** A machine without the Java that is asked for: a mirror gives it, the servers run on it, and a second up changes nothing. */
import { createReadStream } from "node:fs";
import { readFile, readdir, readlink, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { javaHere, jreOf, pretending, realJava } from "../artifacts/jre.ts";
import { kctl, newPlace, processes } from "./kctl.ts";

/** A version that no machine has. */
const missing = 98;

/** Serves files of several folders as if they were one, and tells what it was asked for. */
async function mirror(folders: readonly string[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const name = basename(request.url ?? "");
    asked.push(name);
    void (async () => {
      for (const folder of folders) {
        const found = await stat(join(folder, name)).catch(() => null);
        if (found?.isFile() !== true) continue;
        response.writeHead(200, { "content-length": found.size });
        return createReadStream(join(folder, name)).pipe(response);
      }
      return response.writeHead(404).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

test("a Java that is missing comes from the mirror, runs the servers, and stays", async () => {
  const real = await realJava();
  const java = javaHere(missing);
  const jre = await jreOf(java, pretending(real.executable, `${missing}.0.1`));
  const filled = await newPlace({ count: 1 });
  const [software] = (await kctl(filled, "fetch", "--json")).result?.["artifacts"] as { path: string }[];
  const archives = join(software?.path ?? "", "..");
  const { url, asked } = await mirror([archives, filled.folder]);
  await writeFile(join(filled.folder, jre.file), jre.bytes);
  await writeFile(join(filled.folder, `${jre.file}.sha512`), `${jre.sha512}  ${jre.file}\n`);

  const made = await newPlace({ count: 1, more: `java: { version: ${missing} }\nartifacts: { mirror: "${url}" }\n` });
  const cache = join(made.folder, "cache");
  const at = { ...made, env: { ...made.env, KCTL_CACHE: cache } };
  const home = join(cache, "software", `temurin-${missing}-jre-${java.os}-${java.architecture}`);

  // What only looks asks nobody, and makes nothing.
  for (const command of ["validate", "render", "status"]) await kctl(at, command, "--json");
  const planned = await kctl(at, "plan", "--json");
  const changes = planned.result?.["changes"] as { kind: string; title: string }[];
  expect(changes.filter(({ kind }) => kind === "artifact").map(({ title }) => title)).toEqual([
    "fetch kafka 3.9.1",
    `fetch java ${missing}`,
  ]);
  expect(asked).toEqual([]);
  expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);

  const fetched = await kctl(at, "fetch", "--json");
  expect({ exit: fetched.exit, errors: fetched.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  expect((fetched.result?.["artifacts"] as object[])[1]).toMatchObject({
    name: "java",
    version: String(missing),
    path: join(cache, "archives", jre.file),
    sha512: jre.sha512,
  });

  const first = await kctl(at, "up", "--json");
  expect({ exit: first.exit, errors: first.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  const running = await processes(at);
  expect(running.size).toBe(2);
  for (const { pid } of running.values()) expect(await readlink(`/proc/${pid}/exe`)).toBe(real.executable);
  const receipt = JSON.parse(await readFile(join(at.folder, ".kctl/demo/receipt.json"), "utf8")) as { java: string };
  expect(receipt.java).toBe(home);

  const before = [...asked];
  const second = await kctl(at, "up", "--json");
  expect({ exit: second.exit, changed: second.result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
  expect(await processes(at)).toEqual(running);
  expect(asked).toEqual(before);
  // The tools of Kafka would not find it by themselves.
  expect((await kctl(at, "up")).out).toContain(
    `  JAVA_HOME='${home}' ~/cache/software/kafka_2.13-3.9.1/bin/kafka-topics.sh`,
  );
  expect((await kctl(at, "fetch", "--json")).result?.["artifacts"]).toHaveLength(2);
  expect((await kctl(at, "destroy", "--yes", "--json")).exit).toBe(0);
});

test("a Java that cannot be had either is one fault, with every way out, and what waited for it is not begun", async () => {
  const nothing = await mirror([]);
  const at = await newPlace({
    count: 1,
    more: `java: { version: ${missing} }\nartifacts: { mirror: "${nothing.url}" }\n`,
  });
  // No proxy is there: what is not loopback cannot be reached, wherever the test runs.
  const offline = { ...at, env: { ...at.env, HTTPS_PROXY: nothing.url } };
  const { exit, result } = await kctl(offline, "up", "--json");
  expect(exit).toBe(1);
  const errors = result?.["errors"] as { code: string; what: string; fix: string; detail: string }[];
  expect(errors.map(({ code }) => code)).toEqual(["java-not-found"]);
  expect(errors[0]?.what).toBe(`no Java ${missing} was found on this machine, and none could be fetched`);
  expect(errors[0]?.fix).toContain(`put temurin-${missing}-jre-`);
  expect(errors[0]?.detail).toMatch(/mirror http:.*HTTP 404/);
  expect(errors[0]?.detail).toMatch(/api\.adoptium\.net: /);
  expect((await processes(at)).size).toBe(0);
});
