/** Downloads that are cut, gone on with, lied to; each against a real server. */
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { workFolder } from "../../src/artifacts/cache.ts";
import { fetchArtifact } from "../../src/artifacts/fetch.ts";
import { mirrorSource } from "../../src/artifacts/sources/mirror.ts";
import { injectFault } from "../faults/fault.ts";
import { archiveOf, failures, hasty, kafka, mirrorServer, recorded, type Archive } from "./support.ts";

/** The start of the range that a request asks for; null where it asks for all. */
function askedFrom(request: IncomingMessage): number | null {
  const start = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  return start === undefined ? null : Number(start);
}

type Behaviour = { readonly ranges: boolean; readonly etag?: string };

/** Serves as a good server does, but cuts the connection after each `step` bytes. */
function cutting(bytes: Buffer, step: number, { ranges, etag }: Behaviour): RequestListener {
  return (request, response) => {
    const asked = ranges ? askedFrom(request) : null;
    const from = asked ?? 0;
    response.writeHead(asked === null ? 200 : 206, {
      "content-length": bytes.length - from,
      ...(etag === undefined ? {} : { etag }),
      ...(asked === null ? {} : { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    const end = Math.min(from + step, bytes.length);
    response.write(bytes.subarray(from, end), () => {
      if (end < bytes.length) response.destroy();
      else response.end();
    });
  };
}

const asked = (requests: readonly IncomingMessage[], archive: Archive): readonly (string | undefined)[] =>
  requests.filter((request) => request.url === `/${archive.file}`).map((request) => request.headers.range);

describe("a download that is cut", () => {
  injectFault(60, "the connection is cut again and again", async () => {
    const archive = await archiveOf(kafka);
    const server = await mirrorServer(archive, cutting(archive.bytes, 100_000, { ranges: true, etag: '"v1"' }));
    const { options, events } = await recorded({ sources: [mirrorSource(server.url, hasty)] });
    const fetched = await fetchArtifact(kafka, options);
    expect(await readFile(fetched.path)).toEqual(archive.bytes);
    expect(asked(server.requests, archive)).toEqual([undefined, "bytes=100000-", "bytes=200000-", "bytes=300000-"]);
    expect(server.requests.at(-1)?.headers["if-range"]).toBe('"v1"');
    const bytes = events.flatMap((event) => (event.type === "download" ? [event.bytes] : []));
    expect(bytes.at(-1)).toBe(archive.bytes.length);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    return "the download goes on where it was, as often as it takes";
  });

  injectFault(60, "the connection is cut again and again, by a server without ranges", async () => {
    const archive = await archiveOf(kafka);
    const server = await mirrorServer(archive, cutting(archive.bytes, 100_000, { ranges: false }));
    const { options, events } = await recorded({ sources: [mirrorSource(server.url, hasty)] });
    await expect(fetchArtifact(kafka, options)).rejects.toThrow("no source could give");
    expect(failures(events)).toEqual([expect.stringContaining("the connection was cut")]);
    expect(asked(server.requests, archive).length).toBeLessThan(6);
    return "begun anew, and given up when that leads nowhere";
  });

  test("in one run is gone on with in the next, also from another mirror", async () => {
    const archive = await archiveOf(kafka);
    const dying = await mirrorServer(archive, (request, response) => {
      if (askedFrom(request) === null) cutting(archive.bytes, 200_000, { ranges: true })(request, response);
      else request.socket.destroy();
    });
    const first = await recorded({ sources: [mirrorSource(dying.url, hasty)] });
    await expect(fetchArtifact(kafka, first.options)).rejects.toThrow("no source could give");
    const server = await mirrorServer(archive, cutting(archive.bytes, 1e9, { ranges: true }));
    const second = await recorded({ ...first.options, sources: [mirrorSource(server.url, hasty)] });
    const fetched = await fetchArtifact(kafka, second.options);
    expect(asked(server.requests, archive)).toEqual(["bytes=200000-"]);
    expect(await readFile(fetched.path)).toEqual(archive.bytes);
    expect(await readdir(join(second.options.cache, "work"))).toEqual([]);
  });
});

describe("a part that was there", () => {
  async function withPart(part: Buffer, archive: Archive, listener: RequestListener) {
    const server = await mirrorServer(archive, listener);
    const { options, events } = await recorded({ sources: [mirrorSource(server.url, hasty)] });
    const folder = workFolder(options.cache, kafka);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${archive.sha512.slice(0, 16)}.part`), part);
    return { server, options, events };
  }
  const whole =
    (bytes: Buffer): RequestListener =>
    (request, response) =>
      cutting(bytes, 1e9, { ranges: true })(request, response);

  test("and is whole needs nothing more than the server's word", async () => {
    const archive = await archiveOf(kafka);
    const { options, server } = await withPart(archive.bytes, archive, (_, response) => {
      response.writeHead(416, { "content-range": `bytes */${archive.bytes.length}` }).end();
    });
    expect((await fetchArtifact(kafka, options)).sha512).toBe(archive.sha512);
    expect(asked(server.requests, archive)).toEqual([`bytes=${archive.bytes.length}-`]);
  });

  test("and was of another file is found out, and all is downloaded", async () => {
    const archive = await archiveOf(kafka);
    const { options, server } = await withPart(Buffer.alloc(1000, 1), archive, whole(archive.bytes));
    const fetched = await fetchArtifact(kafka, options);
    expect(await readFile(fetched.path)).toEqual(archive.bytes);
    expect(asked(server.requests, archive)).toEqual(["bytes=1000-", undefined]);
  });

  test("and is longer than the file is thrown away", async () => {
    const archive = await archiveOf(kafka);
    const { options } = await withPart(Buffer.alloc(archive.bytes.length + 9), archive, (request, response) => {
      if (askedFrom(request) === null) whole(archive.bytes)(request, response);
      else response.writeHead(416).end();
    });
    expect(await readFile((await fetchArtifact(kafka, options)).path)).toEqual(archive.bytes);
  });

  const lies: readonly [string, (from: number, bytes: Buffer, response: ServerResponse) => void][] = [
    [
      "the file's start as if it were its rest",
      (from, bytes, response) => {
        const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
        response.writeHead(206, { "content-range": range }).end(bytes.subarray(0, bytes.length - from));
      },
    ],
    [
      "another range than asked for",
      (_, bytes, response) => {
        response.writeHead(206, { "content-range": `bytes 0-${bytes.length - 1}/${bytes.length}` }).end(bytes);
      },
    ],
    ["206 without a range", (_, bytes, response) => void response.writeHead(206).end(bytes)],
    [
      "less than the range it names",
      (from, bytes, response) => {
        const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
        response.writeHead(206, { "content-range": range, "content-length": 5 }).end("12345");
      },
    ],
    ["all of it, with 200", (_, bytes, response) => void response.writeHead(200).end(bytes)],
  ];
  for (const [answer, lie] of lies) {
    injectFault(60, `asked for the rest of a file, a server answers with ${answer}`, async () => {
      const archive = await archiveOf(kafka);
      const { options } = await withPart(archive.bytes.subarray(0, 1000), archive, (request, response) => {
        const from = askedFrom(request);
        if (from === null) whole(archive.bytes)(request, response);
        else lie(from, archive.bytes, response);
      });
      expect(await readFile((await fetchArtifact(kafka, options)).path)).toEqual(archive.bytes);
      return "the file comes out whole";
    });
  }
});

test("progress is told at most four times a second, and to the end", async () => {
  const archive = await archiveOf(kafka, 2_000_000);
  const server = await mirrorServer(archive, (_, response) => {
    response.writeHead(200, { "content-length": archive.bytes.length });
    let at = 0;
    const more = (): void => {
      response.write(archive.bytes.subarray(at, (at += 20_000)));
      if (at < archive.bytes.length) setTimeout(more, 5);
      else response.end();
    };
    more();
  });
  const { options, events } = await recorded({ sources: [mirrorSource(server.url, hasty)] });
  const began = performance.now();
  await fetchArtifact(kafka, options);
  const seconds = (performance.now() - began) / 1000;
  const downloads = events.filter((event) => event.type === "download");
  expect(downloads.length).toBeGreaterThan(1);
  expect(downloads.length).toBeLessThanOrEqual(4 * seconds + 2);
  expect(downloads.at(-1)).toMatchObject({ bytes: archive.bytes.length, total: archive.bytes.length });
});

test("an abort ends a download at once and leaves what there is for the next run", async () => {
  const archive = await archiveOf(kafka);
  const controller = new AbortController();
  const server = await mirrorServer(archive, (_, response) => {
    response.writeHead(200, { "content-length": archive.bytes.length });
    response.write(archive.bytes.subarray(0, 50_000));
  });
  const sources = [mirrorSource(server.url)];
  const { options, events } = await recorded({ sources, signal: controller.signal });
  const ended = fetchArtifact(kafka, options).then(
    () => null,
    (error: unknown) => error,
  );
  const work = workFolder(options.cache, kafka);
  const part = join(work, `${archive.sha512.slice(0, 16)}.part`);
  await expect.poll(async () => (await stat(part).catch(() => null))?.size).toBe(50_000);
  controller.abort();
  expect(await ended).toMatchObject({ name: "AbortError" });
  expect(failures(events)).toEqual([]);
  const left = await readdir(work);
  expect(left.toSorted()).toEqual([`${archive.sha512.slice(0, 16)}.part`, `${archive.sha512.slice(0, 16)}.part.json`]);
});
