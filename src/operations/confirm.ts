/** Asks before something that a person should know of. */
import { KctlError } from "../fault.ts";
import type { Context } from "./context.ts";

/** Goes on only where `wanted` is typed; without a terminal nothing is asked, and it goes on. */
export async function confirm(question: string, wanted: string, { ask }: Context): Promise<void> {
  if (ask === null) return;
  const answer = await ask(question);
  const said = answer.trim();
  const yes = wanted === "y" && /^y(es)?$/i.test(said);
  if (!yes && said !== wanted)
    throw new KctlError({ code: "not-confirmed", what: "not confirmed: nothing was changed" });
}
