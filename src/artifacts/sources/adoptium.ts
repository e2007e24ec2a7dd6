/** Adoptium's API, which says where the newest Temurin JRE of a major version lies, and its digest. */
import { z } from "zod";
import type { JavaArtifact } from "../../services/desired.ts";
import { shown } from "../../services/web-address.ts";
import { sha512Of } from "../digest.ts";
import { download } from "../download.ts";
import { failed, getText, usualPatience, type Patience } from "../http.ts";
import type { Got, Source, SourceRequest } from "./source.ts";

export type AdoptiumApi = {
  readonly name: string;
  /** Ends in a slash. */
  readonly base: string;
  readonly patience?: Patience;
};

export const adoptiumApi: AdoptiumApi = { name: "api.adoptium.net", base: "https://api.adoptium.net/" };

const longestAnswer = 1024 ** 2;

const assets = z.array(
  z.object({
    binary: z.object({
      os: z.string(),
      architecture: z.string(),
      image_type: z.string(),
      package: z.object({ link: z.url(), checksum: z.string().regex(/^[0-9a-f]{64}$/i) }),
    }),
    version: z.object({ major: z.int() }),
  }),
);

type Package = { readonly link: URL; readonly sha256: string };

function questionOf(base: string, { version, os, architecture }: JavaArtifact): URL {
  const url = new URL(`v3/assets/latest/${version}/hotspot`, base);
  url.search = new URLSearchParams({ architecture, image_type: "jre", os, vendor: "eclipse" }).toString();
  return url;
}

/** Takes nothing on trust: not the form of the answer, not that it answers the question, not where it leads. */
function packageIn(text: string, url: URL, { version, os, architecture }: JavaArtifact): Package {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw failed(`${shown(url)} does not answer with JSON`);
  }
  const { data } = assets.safeParse(json);
  if (data === undefined) throw failed(`${shown(url)} answers with other JSON than it is documented to`);
  const fitting = data.find(
    ({ binary, version: { major } }) =>
      major === Number(version) &&
      binary.os === os &&
      binary.architecture === architecture &&
      binary.image_type === "jre",
  );
  if (fitting === undefined) throw failed(`${shown(url)} names no JRE ${version} for ${os} on ${architecture}`);
  const link = new URL(fitting.binary.package.link);
  if (link.protocol !== "https:" && link.origin !== url.origin)
    throw failed(`${shown(url)} leads to ${shown(link)}, which is no https: address`);
  return { link, sha256: fitting.binary.package.checksum.toLowerCase() };
}

async function get(
  api: AdoptiumApi,
  { artifact, folder, env, signal, progress }: SourceRequest<JavaArtifact>,
): Promise<Got> {
  const options = { env, signal, patience: api.patience ?? usualPatience };
  const question = questionOf(api.base, artifact);
  const text = await getText(question, options, longestAnswer);
  const { version, os, architecture } = artifact;
  if (text === null) throw failed(`there is no Temurin JRE ${version} for ${os} on ${architecture} (HTTP 404)`);
  const { link, sha256 } = packageIn(text, question, artifact);
  const digest = { algorithm: "sha256", hex: sha256 } as const;
  const path = await download({ url: link, digest, folder, progress }, options);
  return { path, sha512: await sha512Of(path, signal), source: shown(link) };
}

export function adoptiumSource(api: AdoptiumApi): Source<JavaArtifact> {
  return { name: api.name, get: (request) => get(api, request) };
}
