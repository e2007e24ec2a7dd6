/** Keeps every change below one folder: no path leads out of it, by its text or through a symbolic link. */
import { lstat } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { KctlError } from "../../fault.ts";
import { errnoOf, inTheWay, kindOf } from "./io-fault.ts";

/** Throws unless `path` is `root` or lies below it. */
function mustBeInside(root: string, path: string): void {
  const plain = isAbsolute(path) && resolve(path) === path && !path.includes("\0");
  if (plain && (path === root || path.startsWith(root + sep))) return;
  throw new KctlError({
    code: "local-io",
    where: path,
    what: `${path} is not below ${root}, and kctl changes nothing outside of that folder`,
    fix: "see who wrote this path: kctl's own record of the cluster may have been edited",
  });
}

/** The folders from `root` down to `folder`, both included. */
export function foldersDownTo(root: string, folder: string): readonly string[] {
  mustBeInside(root, folder);
  const names = relative(root, folder)
    .split(sep)
    .filter((name) => name !== "");
  return [root, ...names.map((_, index) => [root, ...names.slice(0, index + 1)].join(sep))];
}

/**
 * Throws where a folder from `root` down to `folder` is a symbolic link or no folder.
 * @returns whether all of them are there
 */
export async function areFolders(root: string, folder: string): Promise<boolean> {
  for (const each of foldersDownTo(root, folder)) {
    try {
      const stats = await lstat(each);
      if (!stats.isDirectory()) throw inTheWay(each, kindOf(stats), "a folder");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  }
  return true;
}

/** The same for what leads to `path`; what `path` itself is does not matter. */
export async function parentsAreFolders(root: string, path: string): Promise<boolean> {
  mustBeInside(root, path);
  return path === root || areFolders(root, dirname(path));
}
