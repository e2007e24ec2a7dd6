/** The one source of a plugin of Connect: what the spec names, made into an archive of the layout that workers are pointed at. */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { PluginArtifact, PluginSource } from "../../services/desired.ts";
import { webAddress } from "../../services/web-address.ts";
import { packFolder } from "../assemble.ts";
import { officialNames } from "../cache.ts";
import { sha512Of } from "../digest.ts";
import { pluginPom } from "../pom.ts";
import { unpack } from "../unpack.ts";
import { givenFile, shownPlace } from "./given.ts";
import { withJars } from "./maven.ts";
import type { Got, Source, SourceRequest } from "./source.ts";

type Request = SourceRequest<PluginArtifact>;

/** Puts the plugin's files into `plugin`, which is there and empty. */
async function layOut(plugin: string, request: Request): Promise<void> {
  const { from } = request.artifact;
  if (from.kind === "maven") {
    await withJars(pluginPom(from), request, async (folder) => {
      await rm(plugin, { recursive: true });
      await rename(join(folder, "jars"), plugin);
    });
    return;
  }
  const path = await givenFile(from, request);
  if (from.kind === "file") {
    await rename(path, join(plugin, basename(webAddress(from.at)?.pathname ?? from.at)));
    return;
  }
  const aside = await mkdtemp(join(request.folder, "unpack-"));
  const top = await unpack(path, aside, { top: null, links: false }, request.signal);
  await rm(plugin, { recursive: true });
  await rename(join(aside, top), plugin);
}

async function get(request: Request): Promise<Got> {
  const { artifact, signal } = request;
  const { file, folder, jars } = officialNames(artifact);
  const stage = await mkdtemp(join(request.folder, "stage-"));
  try {
    const plugin = join(stage, folder, jars);
    await mkdir(plugin, { recursive: true });
    await layOut(plugin, request);
    const path = join(request.folder, file);
    await packFolder(stage, folder, path, signal);
    return { path, sha512: await sha512Of(path, signal), source: sourceOf(artifact.from) };
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Never an address alone: what lies there is not the archive that it was made into. */
function sourceOf(from: PluginSource): string {
  if (from.kind === "maven") return "maven";
  return `made from ${shownPlace(from.at)}`;
}

export const pluginSource: Source<PluginArtifact> = { name: "plugin", get };
