/** The metrics' exporter: one jar from Maven or a mirror, at a path that is the same for every version. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { prepareArtifact } from "../../src/artifacts/fetch.ts";
import { exporterPom } from "../../src/artifacts/pom.ts";
import type { ExporterArtifact } from "../../src/services/desired.ts";
import { temporary } from "./support.ts";

const artifact: ExporterArtifact = { name: "jmx-exporter", version: "1.2.3" };

/** A jar with nothing in it. */
const jar = `printf 'PK\\005\\006\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'`;

/** A mvn that brings these files, first on the PATH. */
async function mavenBringing(files: Readonly<Record<string, string>>): Promise<NodeJS.ProcessEnv> {
  const folder = await temporary();
  const lines = [
    'for one; do case "$one" in -DoutputDirectory=*) out=${one#*=};; esac; done',
    'mkdir -p "$out"',
    ...Object.entries(files).map(([name, print]) => `${print} >"$out/${name}"`),
  ];
  await writeFile(join(folder, "mvn"), `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  return { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
}

const options = async (env: NodeJS.ProcessEnv, mirror: string | null = null) => ({
  cache: await temporary(),
  mirror,
  env,
  emit: () => undefined,
  signal: new AbortController().signal,
});

describe("the exporter", () => {
  test("comes through Maven, and its archive is a mirror's for others", async () => {
    const given = await options(await mavenBringing({ "jmx_prometheus_javaagent-1.2.3.jar": jar }));
    const fetched = await prepareArtifact(artifact, given);
    expect(fetched).toMatchObject({ name: "jmx-exporter", version: "1.2.3", source: "maven" });
    const files = await readdir(join(given.cache, "software/jmx-exporter-1.2.3"), { recursive: true });
    expect(files.toSorted()).toEqual([".kctl-artifact.json", "agent", "agent/jmx_prometheus_javaagent.jar"]);
    const again = await prepareArtifact(artifact, await options({}, join(given.cache, "archives")));
    expect(again).toMatchObject({ sha512: fetched.sha512, source: expect.stringContaining("archives") as string });
  });

  test.each([
    ["half a jar", { "a.jar": "printf PK" }],
    ["more than the one jar", { "a.jar": jar, "b.jar": jar }],
    ["nothing", {}],
  ])("is not made of %s", async (_, files) => {
    await expect(prepareArtifact(artifact, await options(await mavenBringing(files)))).rejects.toMatchObject({
      faults: [
        {
          code: "artifact-unavailable",
          what: "no source could give the Prometheus JMX exporter 1.2.3",
          where: "jmx-exporter-1.2.3.tgz",
          fix: expect.stringContaining("install Maven") as string,
          detail: "maven: Maven brought something else than the one whole jar",
        },
      ],
    });
  });

  test("is asked for alone: its jar has all that it needs", () => {
    expect(exporterPom("1.2.3")).toContain(
      "<groupId>io.prometheus.jmx</groupId><artifactId>jmx_prometheus_javaagent</artifactId><version>1.2.3</version><exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>",
    );
  });
});
