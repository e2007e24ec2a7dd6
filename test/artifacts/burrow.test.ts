/** Burrow's release, from wherever it lies and however it was packed, to a program that can be run. */
import { access, constants, copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "tar";
import { describe, expect, test } from "vitest";
import { archivePath, softwareFolder } from "../../src/artifacts/cache.ts";
import { prepareArtifact, type FetchOptions } from "../../src/artifacts/fetch.ts";
import { sha512Of } from "../../src/artifacts/digest.ts";
import { KctlError } from "../../src/fault.ts";
import type { BurrowArtifact } from "../../src/services/desired.ts";
import { temporary, web } from "./support.ts";

const signal = new AbortController().signal;

/** A .tar.gz with the program at `at`, and a text beside it. */
async function packed(at: string): Promise<string> {
  const folder = await temporary();
  const program = join(folder, at);
  await mkdir(join(program, ".."), { recursive: true });
  await writeFile(program, "#!/bin/sh\n", { mode: 0o644 });
  await writeFile(join(program, "../LICENSE"), "free\n");
  const archive = join(await temporary(), "release.tar.gz");
  await create({ file: archive, cwd: folder, gzip: true }, await readdir(folder));
  return archive;
}

async function optionsOf(mirror: string | null = null): Promise<FetchOptions> {
  return { cache: await temporary(), mirror, env: {}, emit: () => undefined, signal };
}

const burrow = (from: BurrowArtifact["from"]): BurrowArtifact => ({ name: "burrow", version: "1.9.5", from });

async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => "it did not fail",
    (reason: unknown) => reason,
  );
  const [fault] = error instanceof KctlError ? error.faults : [];
  return fault === undefined ? String(error) : `${fault.what}; ${fault.fix ?? ""}\n${fault.detail ?? ""}`;
}

describe("a release", () => {
  test.each([
    ["flat, as its makers pack it", "burrow"],
    ["in one folder", "Burrow-1.9.5/burrow"],
    ["as kctl itself packs it", "burrow-1.9.5/program/burrow"],
  ])("%s", async (_, at) => {
    const archive = await packed(at);
    const artifact = burrow({ at: archive, sha512: await sha512Of(archive, signal) });
    const options = await optionsOf();
    const { source } = await prepareArtifact(artifact, options);
    expect(source).toBe(`made from ${archive}`);
    const folder = softwareFolder(options.cache, artifact);
    expect((await readdir(join(folder, "program"))).toSorted()).toEqual(["LICENSE", "burrow"]);
    await access(join(folder, "program", "burrow"), constants.X_OK);
  });

  test("from a web address, without what stands after the path", async () => {
    const archive = await packed("burrow");
    const bytes = await readFile(archive);
    const { url } = await web((_, response) => response.end(bytes));
    const from = { at: `${url}b.tar.gz?token=x`, sha512: await sha512Of(archive, signal) };
    const { source } = await prepareArtifact(burrow(from), await optionsOf());
    expect(source).toBe(`made from ${url}b.tar.gz`);
  });

  test("from a mirror; what the cache has of it is a mirror too", async () => {
    const release = await packed("burrow");
    const mirror = await temporary();
    await copyFile(release, join(mirror, "burrow-1.9.5.tar.gz"));
    await writeFile(join(mirror, "burrow-1.9.5.tar.gz.sha512"), `${await sha512Of(release, signal)}\n`);
    const first = await optionsOf(mirror);
    const made = await prepareArtifact(burrow(null), first);
    const second = await optionsOf(join(archivePath(first.cache, burrow(null)), ".."));
    const again = await prepareArtifact(burrow(null), second);
    expect(again.sha512).toBe(made.sha512);
  });
});

describe("refused", () => {
  test("one that is not what the spec says", async () => {
    const archive = await packed("burrow");
    const wrong = burrow({ at: archive, sha512: "0a".repeat(64) });
    expect(await failure(prepareArtifact(wrong, await optionsOf()))).toBe(
      `no source could give Burrow 1.9.5; see \`burrow.archive\`\nburrow: ${archive} is not what the spec's \`sha512\` says: its own is ${await sha512Of(archive, signal)}`,
    );
  });

  test("one without the program", async () => {
    const archive = await packed("deep/er/burrow");
    const artifact = burrow({ at: archive, sha512: await sha512Of(archive, signal) });
    expect(await failure(prepareArtifact(artifact, await optionsOf()))).toContain(
      "the archive holds no program burrow",
    );
  });

  test("a path where nothing lies", async () => {
    const artifact = burrow({ at: "/no/such.tar.gz", sha512: "0a".repeat(64) });
    expect(await failure(prepareArtifact(artifact, await optionsOf()))).toContain("there is no file /no/such.tar.gz");
  });

  test("none, and no mirror that has it", async () => {
    const said = await failure(prepareArtifact(burrow(null), await optionsOf(await temporary())));
    expect(said).toContain("put burrow-1.9.5.tar.gz and burrow-1.9.5.tar.gz.sha512 into a folder");
    expect(said).toContain("there is no burrow-1.9.5.tar.gz in");
  });
});
