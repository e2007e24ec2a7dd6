/** Whether unpacked software is whole: a marker, written last before the folder gets its name, says what must be in it. */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "../services/desired.ts";
import { officialNames, softwareFolder } from "./cache.ts";

export type Marker = {
  readonly name: Artifact["name"];
  readonly version: string;
  readonly sha512: string;
  readonly source: string;
  /** Of what matters most together: caches are tidied by other programs, and a crash can leave files empty. */
  readonly jarBytes: number;
};

const markerName = ".kctl-artifact.json";

export function markerPath(cache: string, artifact: Artifact): string {
  return join(softwareFolder(cache, artifact), markerName);
}

async function bytesOfJars(folder: string, artifact: Artifact): Promise<number> {
  const jars = join(folder, officialNames(artifact).jars);
  // A Java's lib/ has folders as well, and in them the virtual machine itself; plugins and Burrow are laid out as their makers like it.
  const all = artifact.name !== "kafka" && artifact.name !== "zookeeper";
  const names = (await readdir(jars, { recursive: all })).filter((name) => all || name.endsWith(".jar"));
  const found = await Promise.all(names.map(async (name) => await stat(join(jars, name))));
  const sizes = found.map((file) => (file.isFile() ? file.size : 0));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Call it before `folder` is renamed into place. */
export async function writeMarker(
  folder: string,
  artifact: Artifact,
  origin: { readonly sha512: string; readonly source: string },
): Promise<void> {
  const jarBytes = await bytesOfJars(folder, artifact);
  const marker: Marker = { name: artifact.name, version: artifact.version, ...origin, jarBytes };
  await writeFile(join(folder, markerName), `${JSON.stringify(marker)}\n`);
}

/** The marker of software that is whole; null where it is not. */
export async function readMarker(cache: string, artifact: Artifact): Promise<Marker | null> {
  const folder = softwareFolder(cache, artifact);
  try {
    const marker = JSON.parse(await readFile(markerPath(cache, artifact), "utf8")) as Marker;
    if (marker.name !== artifact.name || marker.version !== artifact.version) return null;
    return (await bytesOfJars(folder, artifact)) === marker.jarBytes ? marker : null;
  } catch {
    // Absent, cut short, or not ours: whatever the reason, it is made anew.
    return null;
  }
}

export async function isReady(cache: string, artifact: Artifact): Promise<boolean> {
  return (await readMarker(cache, artifact)) !== null;
}
