/** Reads the files of templates/, which lie beside src/ in a clone and beside dist/ in the package. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let found: string | undefined;

function templatesFolder(): string {
  if (found !== undefined) return found;
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, "templates");
    if (existsSync(candidate)) return (found = candidate);
    if (folder === dirname(folder)) throw new Error(`no folder templates/ above ${start}: kctl is not installed whole`);
  }
}

/** `name` is a path inside templates/, with forward slashes. */
export async function readTemplate(name: string): Promise<string> {
  return await readFile(join(templatesFolder(), name), "utf8");
}
