/** The JUnit file of a smoke test: written also where checks failed, and where there was no test at all. */
import { hostname } from "node:os";
import { KctlError, faultsOf, type Fault } from "../fault.ts";
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
  const [ended] = await Promise.allSettled([work((result) => (seen.result = result))]);
  if (ended.status === "fulfilled") {
    if (seen.result !== null) await save(reportOf(seen.result), seen.result.waited);
    return ended.value;
  }
  const error: unknown = ended.reason;
  const seconds = (Date.now() - begun.getTime()) / 1000;
  const faults = faultsOf(context.signal.aborted ? context.signal.reason : error);
  const [saved] = await Promise.allSettled([save(cutOff(seen.result, faults, seconds), seen.result?.waited ?? 0)]);
  if (saved.status === "fulfilled") throw error;
  throw new KctlError([...faults, ...faultsOf(saved.reason)], { cause: error });
}

/** Where checks ran before it ended, they are kept: what was cut off is the failover. */
function cutOff(
  result: SmokeResult | null,
  faults: readonly Fault[],
  seconds: number,
): Pick<JunitReport, "cases" | "seconds"> {
  if (result === null) return { seconds, cases: { error: faults } };
  const detail = faults.map(({ what }) => what).join("; ");
  const check = { name: "failover", ok: false, detail, seconds: seconds - result.seconds, waited: 0 } as const;
  return reportOf({
    ...result,
    seconds,
    checks: [...result.checks, check],
    why: new Map([...result.why, [check.name, faults]]),
  });
}

function reportOf({ checks, why, seconds }: SmokeResult): Pick<JunitReport, "cases" | "seconds"> {
  return { seconds, cases: checks.map((check) => ({ ...check, faults: why.get(check.name) ?? [] })) };
}
