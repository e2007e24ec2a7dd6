/** Several kctl at once, and some that died: real processes on one cache. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { workFolder } from "../../src/artifacts/cache.ts";
import { fetchArtifact, prepareArtifact } from "../../src/artifacts/fetch.ts";
import { isReady } from "../../src/artifacts/ready.ts";
import { mirrorSource } from "../../src/artifacts/sources/mirror.ts";
import { withTurn } from "../../src/artifacts/turn.ts";
import { injectFault } from "../faults/fault.ts";
import { archiveOf, hasty, kafka, mirrorOf, mirrorServer, recorded, sha512, temporary } from "./support.ts";

type Line = { readonly type: string; readonly bytes?: number; readonly text?: string };

type Holder = {
  readonly child: ChildProcess;
  readonly lines: readonly Line[];
  readonly ended: Promise<unknown>;
  /** Resolves with the first line for which `is` holds. */
  readonly until: (is: (line: Line) => boolean) => Promise<Line>;
};

function holder(cache: string, mirror: string): Holder {
  const script = fileURLToPath(new URL("turn-holder.ts", import.meta.url));
  const child = spawn(process.execPath, [script, cache, mirror, kafka.version], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: Line[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (text) => lines.push(JSON.parse(text) as Line));
  const until = async (is: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = lines.find(is);
      if (found !== undefined) return found;
      await Promise.race([
        once(reader, "line"),
        once(reader, "close").then(() => {
          throw new Error("it ended");
        }),
      ]);
    }
  };
  return { child, lines, ended: once(child, "close"), until };
}

/** Sends the first half and then waits for `go`. */
async function halting(archive: Awaited<ReturnType<typeof archiveOf>>) {
  let go = (): void => undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  const half = Math.floor(archive.bytes.length / 2);
  const server = await mirrorServer(archive, (request, response) => {
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from === 0 ? 200 : 206, {
      "content-length": archive.bytes.length - from,
      ...(from === 0 ? {} : { "content-range": `bytes ${from}-${archive.bytes.length - 1}/${archive.bytes.length}` }),
    });
    if (from === 0) response.write(archive.bytes.subarray(0, half));
    void gone.then(() => response.end(archive.bytes.subarray(from === 0 ? half : from)));
  });
  return { server, go, half };
}

describe("two at once", () => {
  test("download once; the second says that it waits, and has the same", async () => {
    const archive = await archiveOf(kafka, 2_000_000);
    const { server, go } = await halting(archive);
    const cache = await temporary();
    const first = holder(cache, server.url);
    await first.until((line) => line.type === "download");
    const second = holder(cache, server.url);
    await second.until((line) => line.type === "message" && line.text?.includes("waiting for it") === true);
    go();
    await Promise.all([first.ended, second.ended]);
    expect(first.lines.at(-1)).toMatchObject({ type: "fetched", sha512: archive.sha512 });
    expect(second.lines.at(-1)).toEqual(first.lines.at(-1));
    expect(server.requests.filter((request) => request.url === `/${archive.file}`)).toHaveLength(1);
    expect(await readdir(join(cache, "work"))).toEqual([]);
  });

  test("in one process do it once as well", async () => {
    const archive = await archiveOf(kafka);
    const server = await mirrorServer(archive, (_, response) => response.end(archive.bytes));
    const { options } = await recorded({ sources: [mirrorSource(server.url)] });
    const all = await Promise.all([
      prepareArtifact(kafka, options),
      prepareArtifact(kafka, options),
      fetchArtifact(kafka, options),
    ]);
    expect(new Set(all.map((fetched) => JSON.stringify(fetched)))).toHaveLength(1);
    expect(server.requests.filter((request) => request.url === `/${archive.file}`)).toHaveLength(1);
  });

  test("of different versions do not wait for each other", async () => {
    const archive = await archiveOf(kafka);
    const { server } = await halting(archive);
    const cache = await temporary();
    await holder(cache, server.url).until((line) => line.type === "download");
    const other = { ...kafka, version: "9.9.8" };
    const { options } = await recorded({ cache, mirror: await mirrorOf(await archiveOf(other)) });
    expect((await fetchArtifact(other, options)).version).toBe("9.9.8");
  });

  test("eight that find a dead one's leftovers take turns", async () => {
    const folder = join(await temporary(), "work");
    await mkdir(folder);
    await writeFile(join(folder, "owner.json"), JSON.stringify({ id: "x", pid: 1, place: "elsewhere" }));
    const old = new Date(Date.now() - 60_000);
    await utimes(join(folder, "owner.json"), old, old);
    let inside = 0;
    let most = 0;
    const one = (): Promise<void> =>
      withTurn({ folder, signal: new AbortController().signal, onWait: () => undefined }, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await writeFile(join(folder, "something"), "");
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 8 }, one));
    expect(most).toBe(1);
    await expect(stat(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("one that was killed", () => {
  injectFault(25, "SIGKILL in the middle of a download", async () => {
    const archive = await archiveOf(kafka, 2_000_000);
    const { server, go, half } = await halting(archive);
    const cache = await temporary();
    const first = holder(cache, server.url);
    const part = join(workFolder(cache, kafka), `${archive.sha512.slice(0, 16)}.part`);
    await expect.poll(async () => (await stat(part).catch(() => null))?.size, { timeout: 10_000 }).toBe(half);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(await isReady(cache, kafka)).toBe(false);
    go();
    const began = performance.now();
    const { options } = await recorded({ cache, sources: [mirrorSource(server.url, hasty)] });
    const fetched = await prepareArtifact(kafka, options);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(sha512(await readFile(fetched.path))).toBe(archive.sha512);
    expect(server.requests.at(-1)?.headers.range).toBe(`bytes=${half}-`);
    expect(await readdir(join(cache, "work"))).toEqual([]);
    return "the next kctl takes over at once, and asks for the rest alone";
  });

  injectFault(25, "SIGKILL at any moment of fetching and unpacking", async () => {
    const archive = await archiveOf(kafka, 20_000_000);
    const mirror = await mirrorOf(archive);
    const cache = await temporary();
    for (const ms of [120, 160, 200, 240, 280, 320, 360, 400]) {
      const { child, ended } = holder(cache, mirror);
      const timer = setTimeout(() => child.kill("SIGKILL"), ms);
      await ended;
      clearTimeout(timer);
      const ready = await isReady(cache, kafka);
      const { options } = await recorded({ cache, sources: [mirrorSource(mirror)] });
      const fetched = await prepareArtifact(kafka, options);
      expect(fetched.sha512).toBe(archive.sha512);
      expect(sha512(await readFile(fetched.path))).toBe(archive.sha512);
      const software = join(cache, "software", "kafka_2.13-9.9.9");
      expect((await stat(join(software, "libs", "one.jar"))).size).toBe(20_000_000);
      expect((await readdir(cache)).toSorted()).toEqual(["archives", "software", "work"]);
      // Half of the rounds begin with an empty cache, half with the archive alone.
      await rm(software, { recursive: true });
      if (!ready) await rm(join(cache, "archives"), { recursive: true });
    }
    return "nothing half is taken for whole; the next kctl makes it";
  });

  injectFault(29, "the turn on the cache is held from another container, whose processes cannot be seen", async () => {
    const folder = join(await temporary(), "work");
    await mkdir(folder);
    // Its pid means nothing here, so that only the time counts.
    await writeFile(
      join(folder, "owner.json"),
      JSON.stringify({ id: "x", pid: 2 ** 22 + 1, place: `${hostname()} else` }),
    );
    const abort = AbortSignal.timeout(1_000);
    const turn = withTurn({ folder, signal: abort, onWait: () => undefined }, async () => "mine");
    await expect(turn).rejects.toMatchObject({ name: "AbortError" });
    const old = new Date(Date.now() - 16_000);
    await utimes(join(folder, "owner.json"), old, old);
    const signal = new AbortController().signal;
    expect(await withTurn({ folder, signal, onWait: () => undefined }, async () => "mine")).toBe("mine");
    return "it is waited for, and taken over once its file has not been touched for a while";
  });
});

test("an interrupted one says so, and leaves no turn behind", async () => {
  const archive = await archiveOf(kafka);
  const { server } = await halting(archive);
  const cache = await temporary();
  const { child, lines, ended, until } = holder(cache, server.url);
  await until((line) => line.type === "download");
  child.kill("SIGINT");
  expect(await ended).toEqual([1, null]);
  expect(lines.at(-1)).toMatchObject({ type: "failed", name: "AbortError" });
  expect(await readdir(workFolder(cache, kafka))).not.toContain("owner.json");
});
