/**
 * `npm run bench -- --clients`: commands that speak with Kafka beside others that do the same, in turn, in one run. `--write` writes
 * docs/benchmarks-clients.md, which says how it is measured.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { groupRows } from "./clients/groups.ts";
import { page } from "./clients/page.ts";
import { recordRows } from "./clients/records.ts";
import { packAndInstall, root } from "./pack.ts";

const folder = await mkdtemp(join(tmpdir(), "kctl-bench-"));
try {
  const kctl = await packAndInstall(folder);
  const env = { ...process.env, KCTL_CACHE: process.env["KCTL_CACHE"] ?? join(folder, "cache") };
  const program = { node: process.execPath, kctl, folder, env };
  const load = loadavg()[0] ?? 0;
  const rows = [...(await groupRows(program)), ...(await recordRows(program))];
  const text = page(rows, load);
  process.stdout.write(text);
  if (process.argv.includes("--write")) writeFileSync(join(root, "docs/benchmarks-clients.md"), text);
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
