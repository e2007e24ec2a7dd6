/** Apache's own sites: the current releases, then the archive of all. Digest and, where there is gpg, signature are checked. */
import type { ApacheArtifact } from "../../services/desired.ts";
import { shown } from "../../services/web-address.ts";
import { officialNames, sitePath } from "../cache.ts";
import { parseDigestFile } from "../digest.ts";
import { download } from "../download.ts";
import { failed, getText, usualPatience, type Patience } from "../http.ts";
import { findProgram } from "../run.ts";
import { checkSignature } from "../signature.ts";
import type { Got, Source, SourceRequest } from "./source.ts";

export type Site = {
  readonly name: string;
  /** Ends in a slash. */
  readonly base: string;
  readonly patience?: Patience;
};

export const apacheSites: readonly Site[] = [
  { name: "downloads.apache.org", base: "https://downloads.apache.org/" },
  { name: "archive.apache.org", base: "https://archive.apache.org/dist/" },
];

const longestDigest = 64 * 1024;
/** Kafka's KEYS is some 150 KB. */
const longestKeys = 16 * 1024 ** 2;

function addressOf(site: Site, artifact: ApacheArtifact): URL {
  return new URL(`${sitePath(artifact)}/${officialNames(artifact).file}`, site.base);
}

async function get(
  site: Site,
  { artifact, folder, env, signal, progress }: SourceRequest<ApacheArtifact>,
): Promise<Got> {
  const url = addressOf(site, artifact);
  const options = { env, signal, patience: site.patience ?? usualPatience };
  const needed = async (address: URL, longest: number): Promise<string> => {
    const text = await getText(address, options, longest);
    if (text === null) throw failed(`there is no ${shown(address)} (HTTP 404)`);
    return text;
  };
  const sha512 = parseDigestFile(
    await needed(new URL(`${url.href}.sha512`), longestDigest),
    officialNames(artifact).file,
  );
  if (sha512 === null) throw failed(`${shown(url)}.sha512 holds no SHA-512 of the file`);
  const path = await download({ url, digest: { algorithm: "sha512", hex: sha512 }, folder, progress }, options);
  const gpg = await findProgram("gpg", env);
  if (gpg === null) return { path, sha512, source: shown(url) };
  // The digest comes from where the file comes from: it proves that nothing was lost, the signature who made it.
  const signature = await needed(new URL(`${url.href}.asc`), longestDigest);
  const keys = await needed(new URL(`${artifact.name}/KEYS`, site.base), longestKeys);
  await checkSignature({ gpg, file: path, signature, keys, env, signal });
  return { path, sha512, source: shown(url) };
}

export function apacheSource(site: Site): Source<ApacheArtifact> {
  return { name: site.name, get: (request) => get(site, request) };
}
