/** The source of the Prometheus JMX exporter: its agent's one jar, by the user's own Maven, made into an archive with a folder in it. */
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { KctlError } from "../../fault.ts";
import type { ExporterArtifact } from "../../services/desired.ts";
import { agentJar } from "../../services/metrics.ts";
import { packFolder } from "../assemble.ts";
import { officialNames } from "../cache.ts";
import { sha512Of } from "../digest.ts";
import { jarEntries } from "../jar.ts";
import { exporterPom } from "../pom.ts";
import { withJars } from "./maven.ts";
import type { Got, Source, SourceRequest } from "./source.ts";

/** Moves the one jar of a folder to `target`. */
async function takeAgent(jars: string, target: string): Promise<void> {
  const [name = "", ...others] = await readdir(jars);
  const entries = others.length > 0 || name === "" ? null : await jarEntries(join(jars, name));
  if (entries === null)
    throw new KctlError({ code: "artifact-damaged", what: "Maven brought something else than the one whole jar" });
  await rename(join(jars, name), target);
}

async function get(request: SourceRequest<ExporterArtifact>): Promise<Got> {
  const { artifact, signal } = request;
  const { file, folder, jars } = officialNames(artifact);
  const stage = await mkdtemp(join(request.folder, "stage-"));
  try {
    const agent = join(stage, folder, jars);
    await mkdir(agent, { recursive: true });
    await withJars(exporterPom(artifact.version), request, (made) =>
      takeAgent(join(made, "jars"), join(agent, agentJar)),
    );
    const path = join(request.folder, file);
    await packFolder(stage, folder, path, signal);
    return { path, sha512: await sha512Of(path, signal), source: "maven" };
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

export const exporterSource: Source<ExporterArtifact> = { name: "maven", get };
