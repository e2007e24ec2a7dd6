/** The one source of Burrow: the release that the spec names or a mirror has, made into an archive with one folder in it. */
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BurrowArtifact } from "../../services/desired.ts";
import { packFolder } from "../assemble.ts";
import { officialNames } from "../cache.ts";
import { sha512Of } from "../digest.ts";
import { failed } from "../http.ts";
import { unpack } from "../unpack.ts";
import { givenFile, shownPlace } from "./given.ts";
import { mirrorSource } from "./mirror.ts";
import type { Got, Source, SourceRequest } from "./source.ts";

type Request = SourceRequest<BurrowArtifact>;

async function release(mirror: string | null, request: Request): Promise<Pick<Got, "path" | "source">> {
  const { from } = request.artifact;
  if (from !== null) return { path: await givenFile(from, request), source: shownPlace(from.at) };
  if (mirror === null) throw failed("the spec names neither `burrow.archive` nor `artifacts.mirror`");
  return await mirrorSource(mirror).get(request);
}

/** The folder of the program: Burrow's own releases have it at their top, others may have it in a folder. */
async function programFolder(unpacked: string): Promise<string> {
  const entries = await readdir(unpacked);
  const [only] = entries;
  // As kctl packs it, and as it lies in a folder that others packed.
  const nested =
    entries.length === 1 && only !== undefined ? [join(unpacked, only), join(unpacked, only, "program")] : [];
  for (const folder of [unpacked, ...nested]) {
    const files = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (files.some((entry) => entry.isFile() && entry.name === "burrow")) return folder;
  }
  throw failed("the archive holds no program burrow");
}

async function get(mirror: string | null, request: Request): Promise<Got> {
  const { artifact, signal } = request;
  const { file, folder, jars } = officialNames(artifact);
  const stage = await mkdtemp(join(request.folder, "stage-"));
  try {
    const { path: released, source } = await release(mirror, request);
    const aside = await mkdtemp(join(request.folder, "unpack-"));
    await unpack(released, aside, { top: null, links: false, flat: true }, signal);
    await rm(released);
    const program = join(stage, folder, jars);
    await mkdir(join(stage, folder));
    await rename(await programFolder(aside), program);
    await rm(aside, { recursive: true, force: true });
    await chmod(join(program, "burrow"), 0o755);
    const path = join(request.folder, file);
    await packFolder(stage, folder, path, signal);
    // Never an address alone: what lies there is not the archive that it was made into.
    return { path, sha512: await sha512Of(path, signal), source: `made from ${source}` };
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

export function burrowSource(mirror: string | null): Source<BurrowArtifact> {
  return { name: "burrow", get: (request) => get(mirror, request) };
}
