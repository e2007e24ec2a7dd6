/** The one source of a plugin of Connect: what the spec names, made into an archive of the layout that workers are pointed at. */
import { copyFile, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { KctlError } from "../../fault.ts";
import type { PluginArtifact, PluginSource } from "../../services/desired.ts";
import { packFolder } from "../assemble.ts";
import { officialNames } from "../cache.ts";
import { sha512Of } from "../digest.ts";
import { download } from "../download.ts";
import { failed, shown, usualPatience } from "../http.ts";
import { pluginPom } from "../pom.ts";
import { unpack } from "../unpack.ts";
import { withJars } from "./maven.ts";
import type { Got, Source, SourceRequest } from "./source.ts";

type Request = SourceRequest<PluginArtifact>;
type Given = Exclude<PluginSource, { kind: "maven" }>;

function webAddress(at: string): URL | null {
  const url = /^[a-z][a-z0-9+.-]+:/i.test(at) ? URL.parse(at) : null;
  return url?.protocol === "http:" || url?.protocol === "https:" ? url : null;
}

function localPath(at: string): string {
  if (at.startsWith("file:")) return fileURLToPath(at);
  return resolve(at.replace(/^~(?=\/|$)/, homedir()));
}

/** A copy in a folder of this run's own, checked. */
async function given({ at, sha512 }: Given, request: Request): Promise<string> {
  const { folder, env, signal, progress } = request;
  const url = webAddress(at);
  const digest = { algorithm: "sha512", hex: sha512.toLowerCase() } as const;
  if (url !== null) return await download({ url, digest, folder, progress }, { env, signal, patience: usualPatience });
  const from = localPath(at);
  const found = await stat(from).catch(() => null);
  if (found === null || !found.isFile()) throw failed(`there is no file ${from}`);
  const path = join(folder, "given");
  await copyFile(from, path);
  progress(found.size, found.size);
  const is = await sha512Of(path, signal);
  if (is === digest.hex) return path;
  throw new KctlError({
    code: "artifact-damaged",
    what: `${from} is not what the spec's \`sha512\` says: its own is ${is}`,
    where: from,
  });
}

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
  const path = await given(from, request);
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
  const url = webAddress(from.at);
  return `made from ${url === null ? localPath(from.at) : shown(url)}`;
}

export const pluginSource: Source<PluginArtifact> = { name: "plugin", get };
