/** The JUnit file of a smoke test: written also where checks failed, and where there was no test at all. */
import { hostname } from "node:os";
import { KctlError, faultsOf } from "../fault.ts";
import type { SmokeResult } from "../kafka/smoke-test/result.ts";
import { junitXml, type JunitReport } from "../report/junit.ts";
import type { Context } from "./context.ts";
import { mayBeOutputFile, writeOutputFile } from "./output-file.ts";

/** Hands on what `work` gives or throws, once the report of the result that it told, or of why there is none, is written. */
export async function withJunit<Value>(
  context: Context,
  file: string,
  work: (tested: (result: SmokeResult) => void) => Promise<Value>,
): Promise<Value> {
  await mayBeOutputFile("the JUnit report", file, context);
  const begun = new Date();
  const seen: { result: SmokeResult | null } = { result: null };
  const save = (ended: Pick<JunitReport, "cases" | "seconds">, waited: number): Promise<void> => {
    const properties = { spec: context.specFile, waited: waited.toFixed(3) };
    const report = { suite: "smoke-test", properties, host: hostname(), begun, ...ended };
    return writeOutputFile(file, 0o644, junitXml(report), context);
  };
  try {
    const value = await work((result) => (seen.result = result));
    if (seen.result !== null) await save(reportOf(seen.result), seen.result.waited);
    return value;
  } catch (error) {
    if (seen.result !== null) throw error;
    const seconds = (Date.now() - begun.getTime()) / 1000;
    const faults = faultsOf(context.signal.aborted ? context.signal.reason : error);
    const [saved] = await Promise.allSettled([save({ seconds, cases: { error: faults } }, 0)]);
    if (saved.status === "fulfilled") throw error;
    throw new KctlError([...faults, ...faultsOf(saved.reason)], { cause: error });
  }
}

function reportOf({ checks, why, seconds }: SmokeResult): Pick<JunitReport, "cases" | "seconds"> {
  return { seconds, cases: checks.map((check) => ({ ...check, faults: why.get(check.name) ?? [] })) };
}
