/** What the tests of artifacts share: folders that go away, a small archive of the official layout, web servers. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { onTestFinished } from "vitest";
import { officialNames } from "../../src/artifacts/cache.ts";
import type { FetchOptions } from "../../src/artifacts/fetch.ts";
import type { Patience } from "../../src/artifacts/http.ts";
import type { Event } from "../../src/report/events.ts";
import type { Artifact } from "../../src/services/desired.ts";

export const kafka: Artifact = { name: "kafka", version: "9.9.9" };

/** A server that keeps quiet is given up soon. */
export const hasty: Patience = { connectMs: 2_000, answerMs: 1_500, windowMs: 1_500, windowBytes: 4 * 1024 };

export async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kctl artifacts-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function sha512(bytes: Buffer): string {
  return createHash("sha512").update(bytes).digest("hex");
}

export type Archive = { readonly bytes: Buffer; readonly sha512: string; readonly file: string };

/** Looks official, and holds `size` bytes that do not compress. */
export async function archiveOf(artifact: Artifact, size = 300_000): Promise<Archive> {
  const folder = await temporary();
  const names = officialNames(artifact);
  await mkdir(join(folder, names.folder, names.jars), { recursive: true });
  await mkdir(join(folder, names.folder, "bin"));
  await writeFile(join(folder, names.folder, names.jars, "one.jar"), randomBytes(size));
  await writeFile(join(folder, names.folder, "bin", "tool.sh"), "#!/bin/sh\n", { mode: 0o755 });
  const path = join(folder, names.file);
  await create({ file: path, cwd: folder, gzip: true }, [names.folder]);
  const bytes = await readFile(path);
  return { bytes, sha512: sha512(bytes), file: names.file };
}

/** An archive in the form of a mirror's folder. */
export async function mirrorOf(archive: Archive): Promise<string> {
  const folder = await temporary();
  await writeFile(join(folder, archive.file), archive.bytes);
  await writeFile(join(folder, `${archive.file}.sha512`), `${archive.sha512}  ${archive.file}\n`);
  return folder;
}

export type Web = { readonly url: string; readonly requests: readonly IncomingMessage[]; readonly server: Server };

export async function web(listener: RequestListener): Promise<Web> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests, server };
}

/** Serves the digest, and hands requests for the archive itself to `serve`. */
export async function mirrorServer(archive: Archive, serve: RequestListener): Promise<Web> {
  return await web((request, response) => {
    const path = request.url ?? "";
    if (path === `/${archive.file}.sha512`) response.end(`${archive.sha512}  ${archive.file}\n`);
    else if (path === `/${archive.file}`) serve(request, response);
    else response.writeHead(404).end();
  });
}

export type Recorded = { readonly options: FetchOptions; readonly events: readonly Event[] };

export async function recorded(some: Partial<FetchOptions>): Promise<Recorded> {
  const events: Event[] = [];
  const cache = some.cache ?? (await temporary());
  const emit = (event: Event): void => void events.push(event);
  const options = { mirror: null, env: process.env, emit, signal: new AbortController().signal, ...some, cache };
  return { options, events };
}

/** Each source that failed, with its reason. */
export function failures(events: readonly Event[]): readonly string[] {
  return events.flatMap((event) => (event.type === "source-failed" ? [`${event.source}: ${event.why}`] : []));
}
