/** A Java that kctl fetches: Adoptium's API and its archives on a real server, each fault of theirs, and what is left of it. */
import { execFile, execFileSync } from "node:child_process";
import { readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { archivePath, javaOfFolder, officialNames, softwareFolder, workFolder } from "../../src/artifacts/cache.ts";
import { fetchArtifact, prepareArtifact } from "../../src/artifacts/fetch.ts";
import { javaPlatform, javaPlatformHere } from "../../src/artifacts/java-platform.ts";
import { findJava } from "../../src/artifacts/java.ts";
import { adoptiumSource } from "../../src/artifacts/sources/adoptium.ts";
import { temurinAt, temurinHome } from "../../src/artifacts/temurin.ts";
import { assetsOf, handingOver, javaHere, jreOf, pretending, realJava, type Jre } from "./jre.ts";
import { failures, hasty, mirrorOf, mirrorServer, recorded, temporary, web, type Web } from "./support.ts";

const real = await realJava();
const java = javaHere(real.major);
const jre = async (): Promise<Jre> => await jreOf(java, handingOver(real.executable));

const question = `/v3/assets/latest/${real.major}/hotspot?architecture=${java.architecture}&image_type=jre&os=${java.os}&vendor=eclipse`;

/** Answers the question as Adoptium does, and hands requests for the archive to `serve`. */
async function adoptium(archive: Jre, serve: RequestListener, checksum = archive.sha256): Promise<Web> {
  return await web((request, response) => {
    const base = `http://${request.headers.host}`;
    if (request.url === question) response.end(JSON.stringify(assetsOf(java, `${base}/jre.tar.gz`, checksum)));
    else if (request.url === "/jre.tar.gz") serve(request, response);
    else response.writeHead(404).end();
  });
}

async function asking(api: string, some: Parameters<typeof recorded>[0] = {}) {
  return await recorded({ ...some, sources: [adoptiumSource({ name: "adoptium", base: api, patience: hasty })] });
}

/** What a failed fetch may leave behind: nothing but a part to go on with. */
async function leftIn(cache: string): Promise<readonly string[]> {
  const entries = await readdir(cache, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

const whole =
  (archive: Jre): RequestListener =>
  (_, response) =>
    void response.end(archive.bytes);

describe("Temurin from Adoptium", () => {
  test("is asked for by its platform, checked, unpacked with its links, seen to run, and found again", async () => {
    const archive = await jre();
    const api = await adoptium(archive, whole(archive));
    const { options } = await asking(api.url);
    const home = softwareFolder(options.cache, java);
    const expected = temurinHome(options.cache, java);
    expect(expected).toMatchObject({ home, executable: join(home, "bin/java"), major: real.major });
    expect(await temurinAt(home)).toBeNull();
    const fetched = await prepareArtifact(java, options);
    expect(fetched).toEqual({
      name: "java",
      version: String(real.major),
      path: archivePath(options.cache, java),
      sha512: archive.sha512,
      source: `${api.url}jre.tar.gz`,
    });
    expect(api.requests.map(({ url }) => url)).toEqual([question, "/jre.tar.gz"]);
    const { stderr } = await promisify(execFile)(expected.executable, ["-version"]);
    expect(stderr).toContain(real.version);
    expect(await readlink(join(home, "legal/java.sql/LICENSE"))).toBe("../java.base/LICENSE");
    expect(await readFile(join(home, "legal/java.sql/LICENSE"), "utf8")).toBe("the licence");
    expect(await prepareArtifact(java, options)).toEqual(fetched);
    expect(api.requests).toHaveLength(2);
    expect(await temurinAt(home)).toEqual(expected);
    expect(await readdir(join(options.cache, "work"))).toEqual([]);
  });

  test("is one of the Javas that are found, after all others, and under the path that was told before", async () => {
    const archive = await jre();
    const linked = join(await temporary(), "link");
    await symlink(await temporary(), linked);
    const { options } = await recorded({ cache: join(linked, "cache"), mirror: await mirrorOf(archive) });
    await prepareArtifact(java, options);
    const { signal } = options;
    const wanted = { home: null, version: null };
    const needs = { minimum: 8, maximum: null, recommended: 17 };
    const own = { cache: options.cache, platform: () => javaPlatformHere(process.platform) };
    const bare = { env: {}, platform: process.platform, signal, places: [], own };
    const found = await findJava(wanted, needs, bare);
    const told = temurinHome(options.cache, java);
    expect(found).toEqual({ ...told, source: "cache" });
    expect(await findJava({ home: told.home, version: null }, needs, bare)).toEqual({ ...told, source: "spec" });
    const env = { JAVA_HOME: real.home };
    expect(await findJava(wanted, needs, { ...bare, env })).toMatchObject({ source: "JAVA_HOME" });
    await expect(findJava({ home: null, version: 99 }, needs, bare)).rejects.toThrow("no Java 99 was found");
    const elsewhere = { ...own, platform: () => ({ os: "mac", architecture: "aarch64" }) as const };
    await expect(findJava(wanted, needs, { ...bare, own: elsewhere })).rejects.toThrow("no Java 8 or newer");
    await rm(join(told.home, "lib/server/libjvm.so"));
    await expect(findJava(wanted, needs, bare)).rejects.toThrow("no Java 8 or newer");
  });

  test("that was fetched serves as a mirror, as a folder and from the web", async () => {
    const archive = await jre();
    const api = await adoptium(archive, whole(archive));
    const first = await asking(api.url);
    expect((await fetchArtifact(java, first.options)).sha512).toBe(archive.sha512);
    expect((await readdir(join(first.options.cache, "archives"))).toSorted()).toEqual([
      archive.file,
      `${archive.file}.sha512`,
      `${archive.file}.source`,
    ]);
    const second = await recorded({ mirror: join(first.options.cache, "archives") });
    expect((await prepareArtifact(java, second.options)).sha512).toBe(archive.sha512);
    const site = await mirrorServer(archive, whole(archive));
    const third = await recorded({ mirror: site.url });
    expect((await prepareArtifact(java, third.options)).source).toBe(`${site.url}${archive.file}`);
    expect(failures([...second.events, ...third.events])).toEqual([]);
  });

  test("in the form of a macOS bundle comes to lie at the same path", async () => {
    const home = "jdk-17.0.9+9-jre/Contents/Home";
    const archive = await jreOf(java, handingOver(real.executable), home);
    const { options } = await recorded({ mirror: await mirrorOf(archive) });
    await prepareArtifact(java, options);
    expect(await temurinAt(softwareFolder(options.cache, java))).toEqual(temurinHome(options.cache, java));
  });

  test("cut again and again goes on where it was, and a run that died is gone on with by the next", async () => {
    const archive = await jre();
    const cutting: RequestListener = (request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const size = archive.bytes.length;
      response.writeHead(from === 0 ? 200 : 206, {
        "content-length": size - from,
        ...(from === 0 ? {} : { "content-range": `bytes ${from}-${size - 1}/${size}` }),
      });
      const end = Math.min(from + 10_000, size);
      response.write(archive.bytes.subarray(from, end), () => {
        if (end < size) response.destroy();
        else response.end();
      });
    };
    const dying = await adoptium(archive, (request, response) => {
      if (request.headers.range === undefined) cutting(request, response);
      else request.socket.destroy();
    });
    const first = await asking(dying.url);
    await expect(prepareArtifact(java, first.options)).rejects.toThrow("no source could give");
    const part = `${archive.sha256.slice(0, 16)}.part`;
    expect((await readdir(workFolder(first.options.cache, java))).toSorted()).toEqual([part, `${part}.json`]);
    const api = await adoptium(archive, cutting);
    const second = await asking(api.url, { cache: first.options.cache });
    expect((await prepareArtifact(java, second.options)).sha512).toBe(archive.sha512);
    const ranges = api.requests.filter(({ url }) => url === "/jre.tar.gz").map(({ headers }) => headers.range);
    expect(ranges.slice(0, 2)).toEqual(["bytes=10000-", "bytes=20000-"]);
    expect(await readdir(join(second.options.cache, "work"))).toEqual([]);
  });
});

describe("Temurin is not had, and nothing half done is left, where", () => {
  const answers: readonly [string, RequestListener, string | RegExp][] = [
    ["the API knows no such version", (_, response) => void response.writeHead(404).end(), /no Temurin JRE .*HTTP 404/],
    ["the API is broken", (_, response) => void response.writeHead(503).end(), /HTTP 503/],
    ["the API says nothing", () => undefined, /gave no answer within/],
    ["the API answers with a page", (_, response) => void response.end("<html>"), /does not answer with JSON/],
    ["the API answers with other JSON", (_, response) => void response.end("[{}]"), /other JSON than/],
    ["the API has an empty list", (_, response) => void response.end("[]"), /names no JRE/],
  ];
  const variants: readonly [string, (assets: string) => string, RegExp][] = [
    ["another version", (text) => text.replace(/"major":\d+/, '"major":8'), /names no JRE/],
    ["another system", (text) => text.replace(/"os":"[^"]+"/, '"os":"windows"'), /names no JRE/],
    ["another machine", (text) => text.replace(/"architecture":"[^"]+"/, '"architecture":"s390x"'), /names no JRE/],
    ["a JDK", (text) => text.replace('"image_type":"jre"', '"image_type":"jdk"'), /names no JRE/],
    ["no digest", (text) => text.replace(/"checksum":"[^"]+"/, '"checksum":""'), /other JSON than/],
    ["an address that is none", (text) => text.replace(/"link":"[^"]+"/, '"link":"jre"'), /other JSON than/],
    ["a file of this machine", (text) => text.replace(/"link":"[^"]+"/, '"link":"file:///etc/passwd"'), /no https:/],
    ["http elsewhere", (text) => text.replace(/"link":"[^"]+"/, '"link":"http://127.0.0.2/j"'), /no https: address/],
  ];
  const listed = variants.map(([what, change, why]): (typeof answers)[number] => [
    `the API names ${what}`,
    (request, response) => {
      const assets = assetsOf(java, `http://${request.headers.host}/jre.tar.gz`, "0".repeat(64));
      response.end(change(JSON.stringify(assets)));
    },
    why,
  ]);
  test.each([...answers, ...listed])("%s", async (_, listener, why) => {
    const api = await web(listener);
    const { options, events } = await asking(api.url);
    await expect(prepareArtifact(java, options)).rejects.toMatchObject({
      faults: [{ code: "artifact-unavailable", what: `no source could give a Temurin JRE ${real.major}` }],
    });
    expect(failures(events)).toEqual([expect.stringMatching(why)]);
    expect(api.requests).toHaveLength(1);
    expect(await leftIn(options.cache)).toEqual([]);
  });

  test("there is no network", async () => {
    const { options, events } = await asking("https://no-such-host.invalid/");
    await expect(prepareArtifact(java, options)).rejects.toThrow("no source could give");
    expect(failures(events)).toEqual(["adoptium: the name no-such-host.invalid cannot be resolved"]);
    expect(await leftIn(options.cache)).toEqual([]);
  });

  test("the archive is not what its digest says", async () => {
    const archive = await jre();
    const api = await adoptium(archive, whole(archive), "0".repeat(64));
    const { options, events } = await asking(api.url);
    await expect(prepareArtifact(java, options)).rejects.toThrow("no source could give");
    expect(failures(events)).toEqual([expect.stringContaining("is not what its .sha256 says")]);
    expect(await leftIn(options.cache)).toEqual([]);
  });

  test.each([
    ["is another Java than it should be", pretending(real.executable, "11.0.2"), /holds Java 11\.0\.2, not/],
    ["does not run", "#!/bin/sh\nexit 1\n", /does not run on this machine/],
    ["is no program of this machine", "\u007fELF", /does not run on this machine/],
  ])("the Java in the archive %s", async (_, script, why) => {
    const archive = await jreOf(java, script);
    const { options } = await recorded({ mirror: await mirrorOf(archive) });
    await expect(prepareArtifact(java, options)).rejects.toThrow(why);
    expect(await temurinAt(softwareFolder(options.cache, java))).toBeNull();
    expect(await leftIn(options.cache)).toEqual([]);
  });
});

test("a redirect to another host is followed over https, and never to http", async () => {
  const archive = await jre();
  const folder = await temporary();
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2"];
  execFileSync("openssl", [...args, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  const pem = { key: await readFile(key), cert: await readFile(cert) };
  const secure = async (address: string, listener: RequestListener): Promise<string> => {
    const server = createTlsServer(pem, listener);
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    onTestFinished(() => void server.close());
    return `https://${address}:${(server.address() as AddressInfo).port}`;
  };
  const plain = await web(whole(archive));
  const other = await secure("127.0.0.2", whole(archive));
  const api = async (location: string): Promise<string> =>
    await secure("127.0.0.1", (request, response) => {
      const link = `https://${request.headers.host}/jre.tar.gz`;
      if (request.url === question) response.end(JSON.stringify(assetsOf(java, link, archive.sha256)));
      else response.writeHead(302, { location }).end();
    });
  // Certificates to trust are read when Node starts, so it takes a process of its own.
  const fetching = async (base: string): Promise<string> => {
    const module = (name: string): string =>
      JSON.stringify(new URL(`../../src/artifacts/${name}.ts`, import.meta.url).href);
    const script = `
      import { fetchArtifact } from ${module("fetch")};
      import { adoptiumSource } from ${module("sources/adoptium")};
      const options = ${JSON.stringify({ cache: await temporary(), mirror: null, env: {} })};
      const sources = [adoptiumSource({ name: "adoptium", base: ${JSON.stringify(base)} })];
      const signal = new AbortController().signal;
      await fetchArtifact(${JSON.stringify(java)}, { ...options, sources, signal, emit: () => {} }).then(
        ({ sha512 }) => console.log(sha512),
        ({ faults }) => console.log(faults[0].detail),
      );
    `;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: cert };
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
    return stdout.trim();
  };
  expect(await fetching(`${await api(`${other}/jre`)}/`)).toBe(archive.sha512);
  expect(await fetching(`${await api(plain.url)}/`)).toMatch(/redirects to http:, which is not followed/);
  expect(plain.requests).toHaveLength(0);
});

test.each([
  ["linux", "x64", false, { os: "linux", architecture: "x64" }],
  ["linux", "arm64", false, { os: "linux", architecture: "aarch64" }],
  ["linux", "x64", true, { os: "alpine-linux", architecture: "x64" }],
  ["darwin", "arm64", false, { os: "mac", architecture: "aarch64" }],
  ["darwin", "x64", false, { os: "mac", architecture: "x64" }],
  ["linux", "riscv64", false, null],
  ["freebsd", "x64", false, null],
  ["win32", "x64", false, null],
] as const)("on %s, %s (musl: %s) runs the build for %j", (platform, arch, musl, wanted) => {
  expect(javaPlatform(platform, arch, musl)).toEqual(wanted);
});

test("this machine's C library is known from what its ldd says", async () => {
  const ldd = await readFile("/usr/bin/ldd", "utf8").catch(() => "");
  const expected = process.platform === "darwin" ? "mac" : ldd.includes("musl") ? "alpine-linux" : "linux";
  expect(javaPlatformHere(process.platform)?.os).toBe(expected);
});

test("a folder's name says what Java it holds", () => {
  const alpine = { name: "java", version: "21", os: "alpine-linux", architecture: "aarch64" } as const;
  expect(officialNames(alpine).folder).toBe("temurin-21-jre-alpine-linux-aarch64");
  expect(javaOfFolder("temurin-21-jre-alpine-linux-aarch64")).toEqual(alpine);
  expect(javaOfFolder("temurin-21-jre-windows-x64")).toBeNull();
  expect(javaOfFolder("kafka_2.13-3.9.1")).toBeNull();
});
