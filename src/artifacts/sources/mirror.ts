/**
 * A mirror of the user's own: a folder or a web address that holds archives, flat and named as in the cache's archives/, or laid
 * out as on Apache's sites, each with its .sha512 beside it.
 */
import { copyFile, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { KctlError } from "../../fault.ts";
import type { Artifact } from "../../services/desired.ts";
import { shown } from "../../services/web-address.ts";
import { officialNames, sitePath } from "../cache.ts";
import { parseDigestFile, sha512Of } from "../digest.ts";
import { download } from "../download.ts";
import { failed, getText, usualPatience, type Patience } from "../http.ts";
import type { Got, Source, SourceRequest } from "./source.ts";

const longestDigest = 64 * 1024;

/** Where in a mirror the archive can lie. */
function layouts(artifact: Artifact): readonly string[] {
  const { file } = officialNames(artifact);
  return artifact.name === "kafka" || artifact.name === "zookeeper" ? [file, `${sitePath(artifact)}/${file}`] : [file];
}

function digestIn(text: string, artifact: Artifact, where: string): string {
  const sha512 = parseDigestFile(text, officialNames(artifact).file);
  if (sha512 === null) throw failed(`${where}.sha512 holds no SHA-512 of the file`);
  return sha512;
}

async function fromFolder(mirror: string, { artifact, folder, signal, progress }: SourceRequest): Promise<Got> {
  const { file } = officialNames(artifact);
  const exists = (path: string): Promise<boolean> =>
    stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
  for (const layout of layouts(artifact)) {
    const source = join(mirror, layout);
    if (!(await exists(source))) continue;
    if (!(await exists(`${source}.sha512`))) throw failed(`${source} has no ${file}.sha512 beside it`);
    const sha512 = digestIn(await readFile(`${source}.sha512`, "utf8"), artifact, source);
    const path = join(folder, file);
    await copyFile(source, path);
    const { size } = await stat(path);
    progress(size, size);
    if ((await sha512Of(path, signal)) === sha512) return { path, sha512, source };
    throw new KctlError({ code: "artifact-damaged", what: `${source} is not what its .sha512 says` });
  }
  throw failed(`there is no ${file} in ${mirror}`);
}

async function fromWeb(base: URL, patience: Patience, request: SourceRequest): Promise<Got> {
  const { artifact, folder, env, signal, progress } = request;
  const options = { env, signal, patience };
  for (const layout of layouts(artifact)) {
    // A query (a token, say) stays with each address.
    const url = new URL(layout, base);
    const digestUrl = new URL(`${layout}.sha512`, base);
    url.search = digestUrl.search = base.search;
    const text = await getText(digestUrl, options, longestDigest);
    if (text === null) continue;
    const sha512 = digestIn(text, artifact, shown(url));
    const digest = { algorithm: "sha512", hex: sha512 } as const;
    return { path: await download({ url, digest, folder, progress }, options), sha512, source: shown(url) };
  }
  const { file } = officialNames(artifact);
  throw failed(`there is no ${file}.sha512 at ${shown(base)} (HTTP 404)`);
}

/** `mirror` as it stands in the spec: a path, a `file:` or an `http(s):` address. */
export function mirrorSource(mirror: string, patience: Patience = usualPatience): Source {
  const url = /^[a-z][a-z0-9+.-]+:/i.test(mirror) ? URL.parse(mirror) : null;
  if (url?.protocol === "http:" || url?.protocol === "https:") {
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return { name: `mirror ${shown(url)}`, get: (request) => fromWeb(url, patience, request) };
  }
  return { name: `mirror ${mirror}`, get: (request) => fromFolder(folderOf(mirror, url), request) };
}

function folderOf(mirror: string, url: URL | null): string {
  if (url?.protocol === "file:") return fileURLToPath(url);
  if (url !== null) throw failed(`a mirror is a folder or a file:, http: or https: address, not ${url.protocol}`);
  return resolve(mirror.replace(/^~(?=\/|$)/, homedir()));
}
