import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "tar";
import { describe, expect, test } from "vitest";
import { prepareArtifact } from "../../src/artifacts/fetch.ts";
import { pluginPom } from "../../src/artifacts/pom.ts";
import { pluginArtifact, pluginFolder } from "../../src/services/plugins.ts";
import { temporary } from "./support.ts";

const digest = async (path: string): Promise<string> =>
  createHash("sha512")
    .update(await readFile(path))
    .digest("hex");

async function prepared(entry: Parameters<typeof pluginArtifact>[0]) {
  const cache = await temporary();
  const artifact = pluginArtifact(entry);
  const options = { cache, mirror: null, env: {}, emit: () => undefined, signal: new AbortController().signal };
  const fetched = await prepareArtifact(artifact, options);
  const folder = join(cache, "software", pluginFolder(artifact));
  return { fetched, files: (await readdir(folder, { recursive: true })).toSorted() };
}

async function archive(): Promise<string> {
  const folder = await temporary();
  await mkdir(join(folder, "debezium-connector-x/doc"), { recursive: true });
  for (const name of ["a.jar", "b.jar", "doc/LICENSE"])
    await writeFile(join(folder, "debezium-connector-x", name), name);
  const path = join(folder, "debezium-connector-x-1.0-plugin.tar.gz");
  await create({ file: path, cwd: folder, gzip: true }, ["debezium-connector-x"]);
  return path;
}

describe("a plugin of Connect", () => {
  test("that is an archive lies in a folder that workers are pointed at", async () => {
    const path = await archive();
    const sha512 = await digest(path);
    const { fetched, files } = await prepared({ archive: path, sha512 });
    expect(fetched).toMatchObject({
      name: "connect-plugin",
      version: `debezium-connector-x-1.0-plugin-${sha512.slice(0, 12)}`,
      source: `made from ${path}`,
    });
    expect(files).toEqual([
      ".kctl-artifact.json",
      "plugin",
      "plugin/a.jar",
      "plugin/b.jar",
      "plugin/doc",
      "plugin/doc/LICENSE",
    ]);
  });

  test("that is one jar", async () => {
    const path = join(await temporary(), "own.jar");
    await writeFile(path, "a jar");
    const { files } = await prepared({ file: path, sha512: (await digest(path)).toUpperCase() });
    expect(files).toEqual([".kctl-artifact.json", "plugin", "plugin/own.jar"]);
  });

  test("that is another one than the spec says is not taken, and told what it is", async () => {
    const path = await archive();
    await expect(prepared({ archive: path, sha512: "0a".repeat(64) })).rejects.toMatchObject({
      faults: [
        {
          code: "artifact-unavailable",
          what: "no source could give Connect's plugin debezium-connector-x-1.0-plugin-0a0a0a0a0a0a",
          fix: "see `connect.plugins`",
          detail: `plugin: ${path} is not what the spec's \`sha512\` says: its own is ${await digest(path)}`,
        },
      ],
    });
  });

  test("that is not there", async () => {
    await expect(prepared({ file: "/nowhere/x.jar", sha512: "0a".repeat(64) })).rejects.toMatchObject({
      faults: [{ detail: "plugin: there is no file /nowhere/x.jar" }],
    });
  });

  test("from Maven comes without what every worker has", () => {
    const pom = pluginPom({ kind: "maven", group: "org.x", artifact: "y", version: "1" });
    expect(pom).toContain("<groupId>org.x</groupId><artifactId>y</artifactId><version>1</version><exclusions>");
    expect(pom).toContain(
      "<exclusion><groupId>org.apache.kafka</groupId><artifactId>connect-api</artifactId></exclusion>",
    );
  });

  test.each([
    [{ maven: "org.apache.kafka:connect-file:3.9.1" }, "connect-plugin-org.apache.kafka_connect-file_3.9.1"],
    [{ archive: "https://x.example/a/b.tgz?token=1", sha512: "0a".repeat(64) }, "connect-plugin-b-0a0a0a0a0a0a"],
    [{ file: "C:\\x y\\ü.jar", sha512: "0b".repeat(64) }, "connect-plugin-_-0b0b0b0b0b0b"],
  ])("%o has a folder of its own", (entry, folder) => {
    expect(pluginFolder(pluginArtifact(entry))).toBe(folder);
  });
});
