/**
 * Compares docs/faults.md with the faults that this run injected, and fails where the page says something else; with
 * KCTL_WRITE_FAULTS=1 it writes the page anew. Of files that were run in part it says nothing.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { withRows, type Row } from "./page.ts";

const root = join(import.meta.dirname, "../..");
const target = join(root, "docs/faults.md");

/** Null where a test of it was left out or failed: what it would say is not known. */
function rowsOfModule(module: TestModule): readonly Row[] | null {
  const tests = [...module.children.allTests()];
  if (module.state() !== "passed" || tests.some((test) => test.result().state !== "passed")) return null;
  const file = relative(root, module.moduleId);
  return tests.flatMap((test) => {
    const fault = test.meta().injectedFault;
    return fault === undefined ? [] : [{ ...fault, file }];
  });
}

async function compare(modules: readonly TestModule[]): Promise<void> {
  const seen = new Map(
    modules.flatMap((module) => {
      const rows = rowsOfModule(module);
      return rows === null ? [] : [[relative(root, module.moduleId), rows] as const];
    }),
  );
  const page = await readFile(target, "utf8").catch(() => "");
  const wanted = withRows(page, seen, (file) => existsSync(join(root, file)));
  if (wanted === page) return;
  if (process.env["KCTL_WRITE_FAULTS"] === "1") {
    await writeFile(target, wanted);
    console.log("written: docs/faults.md");
    return;
  }
  console.error(
    "docs/faults.md is not what these tests have shown: run `npm run faults`, or these with KCTL_WRITE_FAULTS=1",
  );
  process.exitCode = 1;
}

// oxlint-disable-next-line import/no-default-export -- vitest takes a reporter by this export
export default function faultsReporter(): Reporter {
  return { onTestRunEnd: compare };
}
