/** Carries out the contract's cases in a process of their own, and tells of each in a line of JSON. */
import { carryOut, cases, type Subject } from "./contract.ts";

export type Told = {
  readonly name: string;
  /** `passed`, `left out` as not applying, or how it failed. */
  readonly how: string;
};

/** @param endings what is to be done after each case, and then forgotten */
export async function tellCases(subject: Subject, endings: (() => void)[]): Promise<void> {
  for (const one of cases) {
    const told: Told = { name: one.name, how: await howItWent(carryOut(one, subject)) };
    process.stdout.write(`${JSON.stringify(told)}\n`);
    for (const end of endings.splice(0)) end();
  }
}

async function howItWent(work: Promise<boolean>): Promise<string> {
  try {
    return (await work) ? "passed" : "left out";
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
