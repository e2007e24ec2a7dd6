/** Checks the spec without touching or asking anything outside it. */
import type { Fault } from "../fault.ts";
import type { Context } from "./context.ts";
import { readSpec } from "./read-spec.ts";

export async function validate(
  context: Context,
): Promise<{ readonly cluster: string; readonly nodes: number; readonly warnings: readonly Fault[] }> {
  const { spec, warnings } = await readSpec(context);
  return { cluster: spec.name, nodes: spec.nodes.reduce((sum, { count }) => sum + (count ?? 1), 0), warnings };
}
