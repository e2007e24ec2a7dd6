/** Where the cache is and where things lie in it: paths only, nothing is read. */
import { join, resolve } from "node:path";
import type { Artifact } from "../services/desired.ts";

/** What Apache calls an artifact: its archive, the folder that the archive unpacks to, and where it lies on its sites. */
export type OfficialNames = {
  readonly file: string;
  readonly folder: string;
  readonly jars: string;
  readonly sitePath: string;
};

export function officialNames({ name, version }: Artifact): OfficialNames {
  switch (name) {
    case "kafka": {
      const folder = `kafka_2.13-${version}`;
      return { file: `${folder}.tgz`, folder, jars: "libs", sitePath: `kafka/${version}` };
    }
    case "zookeeper": {
      const folder = `apache-zookeeper-${version}-bin`;
      return { file: `${folder}.tar.gz`, folder, jars: "lib", sitePath: `zookeeper/zookeeper-${version}` };
    }
  }
}

function set(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

/** `$KCTL_CACHE`, else `kctl` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  const own = env["KCTL_CACHE"];
  // Servers run elsewhere, and are told paths below it.
  if (set(own)) return resolve(own);
  if (platform === "darwin") return join(home, "Library", "Caches", "kctl");
  // The XDG specification says that a relative path there is to be ignored.
  const xdg = env["XDG_CACHE_HOME"];
  return join(set(xdg) && xdg.startsWith("/") ? xdg : join(home, ".cache"), "kctl");
}

/** The folder of archives has the official names and a .sha512 beside each, so that it serves as a mirror too. */
export function archivePath(cache: string, artifact: Artifact): string {
  return join(cache, "archives", officialNames(artifact).file);
}

/** Unpacked once per version, shared by all clusters. */
export function softwareFolder(cache: string, artifact: Artifact): string {
  return join(cache, "software", officialNames(artifact).folder);
}

/** Where one kctl at a time works on an artifact. */
export function workFolder(cache: string, artifact: Artifact): string {
  return join(cache, "work", officialNames(artifact).folder);
}
