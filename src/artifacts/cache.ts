/** Where the cache is and where things lie in it: paths only, nothing is read. */
import { join, resolve } from "node:path";
import type { ApacheArtifact, Artifact, JavaArtifact } from "../services/desired.ts";
import { burrowFolder } from "../services/burrow-artifact.ts";
import { pluginFolder } from "../services/plugins.ts";

/** An artifact's archive, the folder that it unpacks to, and where in that most of it lies: Apache's names, and ours of the others. */
export type OfficialNames = { readonly file: string; readonly folder: string; readonly jars: string };

export function officialNames(artifact: Artifact): OfficialNames {
  const { name, version } = artifact;
  switch (name) {
    case "kafka": {
      const folder = `kafka_2.13-${version}`;
      return { file: `${folder}.tgz`, folder, jars: "libs" };
    }
    case "zookeeper": {
      const folder = `apache-zookeeper-${version}-bin`;
      return { file: `${folder}.tar.gz`, folder, jars: "lib" };
    }
    case "connect-plugin": {
      const folder = pluginFolder(artifact);
      return { file: `${folder}.tgz`, folder, jars: "plugin" };
    }
    case "burrow": {
      const folder = burrowFolder(artifact);
      return { file: `${folder}.tar.gz`, folder, jars: "program" };
    }
    case "jmx-exporter": {
      const folder = `jmx-exporter-${version}`;
      return { file: `${folder}.tgz`, folder, jars: "agent" };
    }
    case "java": {
      // Without the build's number: the servers' commands are known before it is, and stay when it changes.
      const folder = `temurin-${version}-jre-${artifact.os}-${artifact.architecture}`;
      return { file: `${folder}.tar.gz`, folder, jars: "lib" };
    }
  }
}

/** The Java that a folder of this name holds; null where it is not named like one. */
export function javaOfFolder(folder: string): JavaArtifact | null {
  const parts = /^temurin-(\d+)-jre-(linux|alpine-linux|mac)-(x64|aarch64)$/.exec(folder);
  if (parts === null) return null;
  const [, version = "", os, architecture] = parts;
  return { name: "java", version, os, architecture } as JavaArtifact;
}

/** Where Apache's sites have it. */
export function sitePath({ name, version }: ApacheArtifact): string {
  return name === "kafka" ? `kafka/${version}` : `zookeeper/zookeeper-${version}`;
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
