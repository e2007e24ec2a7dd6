/** Packs kctl as it would be published and has publint look at it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "kctl-pack-"));
try {
  const out = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, encoding: "utf8" });
  const archive = readFileSync(join(folder, out.trim().split("\n").at(-1) ?? ""));
  const { buffer, byteOffset, byteLength } = archive;
  const { messages, pkg } = await publint({
    pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) },
    strict: true,
  });
  for (const message of messages) console.log(formatMessage(message, pkg));
  if (messages.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
