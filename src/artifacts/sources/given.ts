/** A file that the spec names by itself, with its digest: brought, and checked. */
import { copyFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { KctlError } from "../../fault.ts";
import type { GivenFile } from "../../services/desired.ts";
import { shown, webAddress } from "../../services/web-address.ts";
import { sha512Of } from "../digest.ts";
import { download } from "../download.ts";
import { failed, usualPatience } from "../http.ts";
import type { SourceRequest } from "./source.ts";

function localPath(at: string): string {
  if (at.startsWith("file:")) return fileURLToPath(at);
  return resolve(at.replace(/^~(?=\/|$)/, homedir()));
}

/** A copy in a folder of this run's own, checked. */
export async function givenFile({ at, sha512 }: GivenFile, request: Omit<SourceRequest, "artifact">): Promise<string> {
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

/** Where it lies, as a reader may see it: no password, no query. */
export function shownPlace(at: string): string {
  const url = webAddress(at);
  return url === null ? localPath(at) : shown(url);
}
