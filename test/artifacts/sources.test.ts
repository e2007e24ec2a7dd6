/** Each fault of a source, with real servers; what is left over is taken by the next source. */
import { execFile, execFileSync } from "node:child_process";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { RequestListener } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { archivePath } from "../../src/artifacts/cache.ts";
import { fetchArtifact } from "../../src/artifacts/fetch.ts";
import { apacheSource } from "../../src/artifacts/sources/apache.ts";
import { mirrorSource } from "../../src/artifacts/sources/mirror.ts";
import type { Source } from "../../src/artifacts/sources/source.ts";
import { KctlError } from "../../src/fault.ts";
import { injectFault } from "../faults/fault.ts";
import type { FaultNumber } from "../faults/numbers.ts";
import { archiveOf, failures, hasty, kafka, mirrorOf, mirrorServer, recorded, temporary, web } from "./support.ts";

async function errorOf(work: Promise<unknown>): Promise<KctlError> {
  const error: unknown = await work.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (error instanceof KctlError) return error;
  throw error;
}

async function startsWith(archive: { file: string; bytes: Buffer; sha512: string }, first: RequestListener) {
  const bad = await mirrorServer(archive, first);
  const good = await mirrorServer(archive, (_, response) => response.end(archive.bytes));
  const sources: readonly Source[] = [mirrorSource(bad.url, hasty), mirrorSource(good.url, hasty)];
  return { bad, good, ...(await recorded({ sources })) };
}

describe("a source that fails is followed by the next", () => {
  const faults: readonly [FaultNumber, string, RequestListener, RegExp][] = [
    [58, "answers 404", (_, response) => void response.writeHead(404).end(), /HTTP 404/],
    [58, "answers 503", (_, response) => void response.writeHead(503).end(), /HTTP 503/],
    [60, "serves another file", (_, response) => void response.end("something else"), /is not what its \.sha512 says/],
    [59, "says nothing", () => undefined, /gave no answer/],
    [
      59,
      "brings 1 KB/s",
      (_, response) => {
        const timer = setInterval(() => response.write(Buffer.alloc(100)), 100);
        response.once("close", () => clearInterval(timer));
      },
      /is too slow/,
    ],
    [59, "stalls after its headers", (_, response) => response.flushHeaders(), /is too slow: 0 KB\/s/],
    [60, "cuts each connection", (request) => void request.socket.destroy(), /the connection was cut/],
    [
      64,
      "redirects to a file:",
      (_, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end(),
      /redirects to file:, which is not followed/,
    ],
    [
      64,
      "redirects to 169.254.169.254, where a cloud keeps credentials",
      (_, response) => void response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end(),
      /redirects to the link-local address 169\.254\.169\.254/,
    ],
    [
      64,
      "redirects to 169.254.169.254, written as IPv6",
      (_, response) => void response.writeHead(302, { location: "http://[::ffff:169.254.169.254]/" }).end(),
      /redirects to the link-local address/,
    ],
    [
      64,
      "redirects to itself",
      (request, response) => void response.writeHead(307, { location: request.url }).end(),
      /redirects more than 5 times/,
    ],
    [
      60,
      "sends more than it said",
      (_, response) => {
        response.socket?.end("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/10\r\n\r\n12345678901");
      },
      /is longer than it should be/,
    ],
  ];
  for (const [number, what, listener, why] of faults) {
    injectFault(number, `a source ${what}`, async () => {
      const archive = await archiveOf(kafka);
      const { options, events, good } = await startsWith(archive, listener);
      const fetched = await fetchArtifact(kafka, options);
      expect(fetched).toEqual({
        ...kafka,
        path: archivePath(options.cache, kafka),
        sha512: archive.sha512,
        source: `${good.url}${archive.file}`,
      });
      expect(await readFile(fetched.path)).toEqual(archive.bytes);
      expect(failures(events)).toEqual([expect.stringMatching(why)]);
      expect(await readdir(join(options.cache, "work"))).toEqual([]);
      return `the next source is taken; told: "${why.exec(failures(events)[0] ?? "")?.[0]}"`;
    });
  }

  test("where its name resolves to nothing, its port is closed, its digest is a page, its folder is not there", async () => {
    const archive = await archiveOf(kafka);
    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const page = await web((_, response) => void response.end("<html>Log in</html>"));
    const empty = await temporary();
    const sources = [
      mirrorSource("https://no-such-host.invalid/", hasty),
      mirrorSource(`http://127.0.0.1:${port}/`, hasty),
      mirrorSource(page.url, hasty),
      mirrorSource("ftp://127.0.0.1/", hasty),
      mirrorSource(empty),
      mirrorSource(await mirrorOf(archive)),
    ];
    const { options, events } = await recorded({ sources });
    await fetchArtifact(kafka, options);
    expect(failures(events)).toEqual([
      "mirror https://no-such-host.invalid/: the name no-such-host.invalid cannot be resolved",
      `mirror http://127.0.0.1:${port}/: the connection was refused`,
      expect.stringContaining("holds no SHA-512 of the file"),
      expect.stringContaining("not ftp:"),
      `mirror ${empty}: there is no ${archive.file} in ${empty}`,
    ]);
  });
});

describe("a mirror", () => {
  test("may be a folder, a file: address or a web address, flat or laid out as Apache's sites are", async () => {
    const archive = await archiveOf(kafka);
    const folder = await mirrorOf(archive);
    const laidOut = await web((request, response) => {
      if (request.url === `/m/kafka/9.9.9/${archive.file}?t=1`) response.end(archive.bytes);
      else if (request.url === `/m/kafka/9.9.9/${archive.file}.sha512?t=1`) response.end(archive.sha512);
      else response.writeHead(404).end();
    });
    const answers = {
      [folder]: join(folder, archive.file),
      [pathToFileURL(folder).href]: join(folder, archive.file),
      [`${laidOut.url}m?t=1`]: `${laidOut.url}m/kafka/9.9.9/${archive.file}`,
    };
    for (const [mirror, source] of Object.entries(answers)) {
      const { options } = await recorded({ mirror });
      expect((await fetchArtifact(kafka, options)).source).toBe(source);
    }
  });

  test("may be another kctl's folder of archives", async () => {
    const archive = await archiveOf(kafka);
    const first = await recorded({ mirror: await mirrorOf(archive) });
    await fetchArtifact(kafka, first.options);
    const second = await recorded({ mirror: join(first.options.cache, "archives") });
    expect((await fetchArtifact(kafka, second.options)).sha512).toBe(archive.sha512);
  });

  injectFault(60, "a mirror whose .sha512 is another file's", async () => {
    const archive = await archiveOf(kafka);
    const folder = await mirrorOf(archive);
    await writeFile(join(folder, `${archive.file}.sha512`), "0".repeat(128));
    const { options, events } = await recorded({ sources: [mirrorSource(folder)] });
    const error = await errorOf(fetchArtifact(kafka, options));
    expect(error.faults).toMatchObject([{ code: "artifact-unavailable", where: archive.file }]);
    expect(failures(events)).toEqual([expect.stringContaining("is not what its .sha512 says")]);
    expect(await readdir(options.cache)).not.toContain("archives");
    return "the file is not taken, and nothing of it is kept";
  });

  test("keeps its password to itself", async () => {
    const archive = await archiveOf(kafka);
    const server = await mirrorServer(archive, (_, response) => response.end(archive.bytes));
    const { options, events } = await recorded({ mirror: server.url.replace("//", "//u:secret@") });
    const fetched = await fetchArtifact(kafka, options);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("u:secret").toString("base64")}`);
    expect(JSON.stringify([fetched, events])).not.toContain("secret");
    expect(await readFile(`${fetched.path}.source`, "utf8")).not.toContain("secret");
  });

  test("is reached through the proxy of the environment", async () => {
    const archive = await archiveOf(kafka);
    const proxy = await web((request, response) => {
      const path = new URL(request.url ?? "").pathname;
      response.end(path.endsWith(".sha512") ? archive.sha512 : archive.bytes);
    });
    const env = { PATH: process.env["PATH"], HTTP_PROXY: proxy.url };
    const { options } = await recorded({ env, mirror: "http://mirror.invalid/" });
    await fetchArtifact(kafka, options);
    expect(proxy.requests.map((request) => request.url)).toEqual([
      `http://mirror.invalid/${archive.file}.sha512`,
      `http://mirror.invalid/${archive.file}`,
    ]);
  });
});

describe("when all sources fail", () => {
  injectFault(58, "no source has it: a mirror that is not there, no network, no mvn", async () => {
    const env = { PATH: "/nowhere" };
    const { options } = await recorded({ env, mirror: "/no/such/folder" });
    const began = performance.now();
    const error = await errorOf(fetchArtifact(kafka, options));
    // Names that cannot be resolved cost no waiting.
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(error.faults).toHaveLength(1);
    const [fault] = error.faults;
    expect(fault).toMatchObject({ code: "artifact-unavailable", what: "no source could give Kafka 9.9.9" });
    expect(fault?.fix).toMatch(/artifacts\.mirror.*kctl fetch.*mvn.*HTTPS_PROXY/);
    expect(fault?.detail?.split("\n").map((line) => line.split(": ")[0])).toEqual([
      "mirror /no/such/folder",
      "downloads.apache.org",
      "archive.apache.org",
      "maven",
    ]);
    expect(fault?.detail).toContain("maven: there is no mvn on the PATH");
    return "one error lists each source with its reason, and the ways out; nothing waits";
  });

  test("a cache that cannot be written is said at once", async () => {
    const archive = await archiveOf(kafka);
    const file = join(await temporary(), "file");
    await writeFile(file, "");
    const { options } = await recorded({ cache: join(file, "cache"), mirror: await mirrorOf(archive) });
    await expect(fetchArtifact(kafka, options)).rejects.toMatchObject({ code: "ENOTDIR", syscall: "mkdir" });
  });
});

describe("Apache's site", () => {
  test("is asked for file, digest, signature and keys where they lie", async () => {
    const archive = await archiveOf(kafka);
    const site = await web((request, response) => {
      if (request.url?.endsWith(".tgz") === true) response.end(archive.bytes);
      else if (request.url?.endsWith(".sha512") === true) response.end(archive.sha512);
      else response.writeHead(404).end();
    });
    const sources = [apacheSource({ name: "apache", base: `${site.url}dist/`, patience: hasty })];
    const { options, events } = await recorded({ sources });
    await errorOf(fetchArtifact(kafka, options));
    const base = `/dist/kafka/9.9.9/${archive.file}`;
    expect(site.requests.map((request) => request.url)).toEqual([`${base}.sha512`, base, `${base}.asc`]);
    expect(failures(events)).toEqual([`apache: there is no ${site.url}${base.slice(1)}.asc (HTTP 404)`]);
  });

  test("is believed by its digest alone where there is no gpg", async () => {
    const archive = await archiveOf(kafka);
    const site = await web((request, response) => {
      response.end(request.url?.endsWith(".sha512") === true ? archive.sha512 : archive.bytes);
    });
    const sources = [apacheSource({ name: "apache", base: site.url, patience: hasty })];
    const { options } = await recorded({ sources, env: { PATH: "/nowhere" } });
    expect((await fetchArtifact(kafka, options)).sha512).toBe(archive.sha512);
  });
});

injectFault(64, "an https: address redirects to http:", async () => {
  const folder = await temporary();
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", [...args, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  const plain = await web((_, response) => void response.end());
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (_, response) => {
    response.writeHead(301, { location: plain.url }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // Certificates to trust are read when Node starts, so it takes a process of its own.
  const script = `
    import { get, usualPatience } from ${JSON.stringify(new URL("../../src/artifacts/http.ts", import.meta.url).href)};
    const signal = new AbortController().signal;
    const url = new URL("https://127.0.0.1:${(server.address() as AddressInfo).port}/file");
    await get(url, { env: {}, signal, patience: usualPatience }).catch((error) => console.log(error.message));
  `;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: cert };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  expect(stdout).toMatch(/\/file redirects to http:, which is not followed/);
  expect(plain.requests).toHaveLength(0);
  return "it is not followed: nothing is asked of the http: address";
});
