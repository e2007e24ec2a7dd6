/** Archives that mean harm, made by hand, and one that does not. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Header, type HeaderData } from "tar";
import { describe, expect, test } from "vitest";
import { archivePath, officialNames, softwareFolder } from "../../src/artifacts/cache.ts";
import { fetchArtifact, prepareArtifact } from "../../src/artifacts/fetch.ts";
import { isReady } from "../../src/artifacts/ready.ts";
import { unpack, type Expected } from "../../src/artifacts/unpack.ts";
import { injectFault } from "../faults/fault.ts";
import { archiveOf, kafka, mirrorOf, recorded, sha512, temporary } from "./support.ts";

const top = "kafka_2.13-9.9.9";
const signal = new AbortController().signal;

type Raw = HeaderData & { readonly content?: string };

/** Headers as they are, which no tool would write. */
function tarOf(entries: readonly Raw[]): Buffer {
  const blocks = entries.flatMap(({ content = "", ...data }) => {
    const header = new Header({ mode: 0o644, type: "File", size: content.length, ...data });
    const block = Buffer.alloc(512);
    header.encode(block);
    const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
    body.write(content);
    return [block, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

async function refusal(
  archive: Buffer,
  limits?: { bytes: number; entries: number },
  expected: Expected = { top, links: false },
): Promise<string> {
  const folder = await temporary();
  const into = join(folder, "deep", "into");
  await mkdir(into, { recursive: true });
  await writeFile(join(folder, "archive.tgz"), archive);
  const error: unknown = await unpack(join(folder, "archive.tgz"), into, expected, signal, limits).then(
    () => "it was unpacked",
    (reason: unknown) => reason,
  );
  // Nothing may have come to lie outside.
  expect((await readdir(folder)).toSorted()).toEqual(["archive.tgz", "deep"]);
  expect(await readdir(join(folder, "deep"))).toEqual(["into"]);
  return error instanceof Error ? error.message : String(error);
}

describe("an archive is refused whole", () => {
  const fine: Raw = { path: `${top}/libs/a.jar`, content: "a" };
  const cases: readonly [string, readonly Raw[], RegExp][] = [
    ["that leads out", [fine, { path: `${top}/../../evil`, content: "x" }], /leads out of its folder/],
    ["that leads out at once", [{ path: "../evil", content: "x" }], /leads out of its folder/],
    ["that leads out with backslashes", [{ path: `${top}\\..\\..\\evil`, content: "x" }], /leads out of its folder/],
    ["with an absolute path", [fine, { path: "/tmp/kctl-evil", content: "x" }], /is an absolute path/],
    ["with a symbolic link out", [{ path: `${top}/l`, type: "SymbolicLink", linkpath: "../.." }], /is a SymbolicLink/],
    ["with any link", [fine, { path: `${top}/l`, type: "Link", linkpath: `${top}/libs/a.jar` }], /is a Link/],
    ["with a character device", [{ path: `${top}/d`, type: "CharacterDevice" }], /is a CharacterDevice/],
    ["with a block device", [{ path: `${top}/d`, type: "BlockDevice" }], /is a BlockDevice/],
    ["with a named pipe", [{ path: `${top}/p`, type: "FIFO" }], /is a FIFO/],
    ["with another folder", [fine, { path: "other/file", content: "x" }], /is not below kafka_2\.13-9\.9\.9\//],
    ["with nothing in it", [], /not unpacked/],
  ];
  for (const [what, entries, why] of cases) {
    injectFault(65, `an archive ${what}`, async () => {
      const said = await refusal(tarOf(entries));
      expect(said).toMatch(why);
      return `refused whole, nothing of it lies anywhere; told: "${why.exec(said)?.[0]}"`;
    });
  }

  injectFault(65, "an archive with too many entries, or too many bytes", async () => {
    const many = Array.from({ length: 30 }, (_, n): Raw => ({
      path: `${top}/libs/${n}.jar`,
      content: "x".repeat(100),
    }));
    expect(await refusal(tarOf(many), { bytes: 1e9, entries: 20 })).toMatch(/more than 20 entries/);
    expect(await refusal(tarOf(many), { bytes: 2000, entries: 1000 })).toMatch(/more than 2000 bytes/);
    return "refused whole, before the limit is passed";
  });

  injectFault(65, "an archive with a header that promises gigabytes", async () => {
    expect(await refusal(tarOf([{ path: `${top}/big`, size: 3 * 1024 ** 3 }]))).toMatch(/more than 2147483648 bytes/);
    return "refused by its header";
  });

  injectFault(65, "an archive that swells out of all proportion (a bomb)", async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 ** 2), { level: 9 });
    expect(await refusal(bomb, { bytes: 50 * 1024 ** 2, entries: 1000 })).toMatch(
      /holds more than \d+ bytes|not unpacked/,
    );
    return "refused whole, before the limit is passed";
  });

  injectFault(60, "an archive that was cut short, is no tar, or no gzip", async () => {
    const { bytes } = await archiveOf(kafka);
    expect(await refusal(bytes.subarray(0, 100_000))).toMatch(/not unpacked/);
    expect(await refusal(gzipSync("something else entirely ".repeat(1000)))).toMatch(/not unpacked/);
    expect(await refusal(Buffer.from("something else entirely ".repeat(1000)))).toMatch(/not unpacked/);
    return "refused whole";
  });
});

describe("an archive with links of its own", () => {
  const expected: Expected = { top: null, links: true };
  const link = (path: string, linkpath: string): Raw => ({ path: `jre/${path}`, type: "SymbolicLink", linkpath });
  const file: Raw = { path: "jre/legal/base/LICENSE", content: "a" };

  test("is unpacked, and its folder named, where they stay inside", async () => {
    const folder = await temporary();
    const archive = join(folder, "archive.tgz");
    const links = [
      link("legal/sql/LICENSE", "../base/LICENSE"),
      link("lib/a", "../legal"),
      link("b", "legal/base"),
      link("c", "./legal"),
    ];
    await writeFile(archive, tarOf([file, ...links]));
    await mkdir(join(folder, "into"));
    expect(await unpack(archive, join(folder, "into"), expected, signal)).toBe("jre");
    const jre = join(folder, "into", "jre");
    for (const path of ["legal/sql/LICENSE", "lib/a/base/LICENSE", "b/LICENSE", "c/base/LICENSE"])
      expect(await readFile(join(jre, path), "utf8")).toBe("a");
  });

  const out = /is a link that leads out of its folder/;
  const cases: readonly [string, readonly Raw[], RegExp][] = [
    ["to an absolute path", [link("l", "/etc/passwd")], out],
    ["to the folder above", [link("l", "..")], out],
    ["out of it", [link("l", "../other")], out],
    ["out of it from below", [link("a/l", "../../other")], out],
    ["down and then up", [link("a/b/l", "../x"), link("a/b/m", "l/../../../../other")], out],
    ["with backslashes", [link("l", String.raw`..\..\other`)], out],
    ["to nothing", [link("l", "")], /not unpacked/],
    ["that is hard", [file, { path: "jre/l", type: "Link", linkpath: "jre/legal/base/LICENSE" }], /is a Link/],
    ["and writes through one", [link("l", "legal"), { path: "jre/l/x", content: "x" }], /not unpacked/],
    ["and has a second folder", [file, { path: "other/x", content: "x" }], /is not below jre\//],
    [
      "and a file without a folder",
      [
        { path: "jre", content: "x" },
        { path: "x", content: "x" },
      ],
      /is not below jre\//,
    ],
  ];
  test.each(cases)("%s is refused whole", async (_, entries, why) => {
    expect(await refusal(tarOf(entries), undefined, expected)).toMatch(why);
  });
});

describe("software", () => {
  test("is unpacked with its modes, and found ready", async () => {
    const archive = await archiveOf(kafka);
    const { options } = await recorded({ mirror: await mirrorOf(archive) });
    expect(await isReady(options.cache, kafka)).toBe(false);
    const fetched = await prepareArtifact(kafka, options);
    expect(await isReady(options.cache, kafka)).toBe(true);
    const tool = join(softwareFolder(options.cache, kafka), "bin", "tool.sh");
    execFileSync(tool);
    expect((await stat(tool)).mode & 0o777).toBe(0o755);
    expect(await prepareArtifact(kafka, { ...options, mirror: null, env: {} })).toEqual(fetched);
    expect((await readdir(options.cache)).toSorted()).toEqual(["archives", "software", "work"]);
  });

  test.each(["a jar is gone", "a jar is empty", "the marker is gone"])("is unpacked again where %s", async (what) => {
    const archive = await archiveOf(kafka);
    const { options } = await recorded({ mirror: await mirrorOf(archive) });
    await prepareArtifact(kafka, options);
    const folder = softwareFolder(options.cache, kafka);
    const jar = join(folder, "libs", "one.jar");
    const before = sha512(await readFile(jar));
    if (what === "a jar is gone") await rm(jar);
    else if (what === "a jar is empty") await writeFile(jar, "");
    else await rm(join(folder, ".kctl-artifact.json"));
    expect(await isReady(options.cache, kafka)).toBe(false);
    await prepareArtifact(kafka, { ...options, sources: [] });
    expect(await isReady(options.cache, kafka)).toBe(true);
    expect(sha512(await readFile(jar))).toBe(before);
  });

  injectFault(60, "the archive in the cache was damaged since", async () => {
    const archive = await archiveOf(kafka);
    const { options, events } = await recorded({ mirror: await mirrorOf(archive) });
    const { path } = await fetchArtifact(kafka, options);
    await writeFile(path, archive.bytes.subarray(0, 1000));
    await prepareArtifact(kafka, options);
    expect(await readFile(path)).toEqual(archive.bytes);
    expect(events).toContainEqual(expect.objectContaining({ type: "source-failed", source: "cache" }));
    return "it is fetched again, and that is told";
  });

  injectFault(65, "a mirror's archive means harm, and the mirror is mended", async () => {
    const bytes = tarOf([{ path: "../evil", content: "x" }]);
    const { file } = officialNames(kafka);
    const evil = { bytes, sha512: createHash("sha512").update(bytes).digest("hex"), file };
    const { options } = await recorded({ mirror: await mirrorOf(evil) });
    await expect(prepareArtifact(kafka, options)).rejects.toThrow(/leads out of its folder/);
    await expect(stat(archivePath(options.cache, kafka))).rejects.toMatchObject({ code: "ENOENT" });
    await prepareArtifact(kafka, { ...options, mirror: await mirrorOf(await archiveOf(kafka)) });
    expect(await isReady(options.cache, kafka)).toBe(true);
    return "what is refused is not kept: the next run takes the mended one";
  });
});
