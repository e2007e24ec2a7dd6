/**
 * `npm run bench -- --aws`: how many calls of EC2's API an `up` of 3 and of 100 nodes makes, how fast machines are launched, and what the time of
 * an `up` goes by with. `--write` writes docs/benchmarks-aws.md, which says how it is measured.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { countUps, type Counted } from "./aws/count.ts";
import { page, rowsOf } from "./aws/page.ts";
import { timedUp } from "./aws/timed.ts";
import { packAndInstall, root } from "./pack.ts";

const folder = await mkdtemp(join(tmpdir(), "kctl-bench-"));
try {
  const program = await packAndInstall(folder);
  const load = loadavg()[0] ?? 0;
  const timed = await timedUp(folder, program);
  const counted: Counted[] = [];
  for (const nodes of [3, 100]) counted.push(await countUps(folder, program, nodes));
  const measured = { counted, timed, load: Math.max(load, loadavg()[0] ?? 0) };
  const text = page(measured);
  process.stdout.write(text);
  if (process.argv.includes("--write")) writeFileSync(join(root, "docs/benchmarks-aws.md"), text);
  if (rowsOf(measured).some(({ ok }) => !ok)) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
