/** The way in of every operation on a cluster: its spec read, its provider opened, its warnings told. */
import type { Provider } from "../providers/provider.ts";
import { openProvider } from "../providers/open-provider.ts";
import type { Spec } from "../spec/schema.ts";
import type { Context } from "./context.ts";
import { readSpec, type ReadSpec } from "./read-spec.ts";

export type OpenCluster = { readonly spec: Spec; readonly provider: Provider };

/** Its warnings are told. */
export async function openSpec(context: Context): Promise<Pick<ReadSpec, "spec" | "folder">> {
  const { spec, warnings, folder } = await readSpec(context);
  for (const fault of warnings) context.emit({ type: "warning", fault });
  return { spec, folder };
}

/** @param adjust what the command line says in the place of the spec */
export async function openCluster(
  context: Context,
  adjust: (spec: Spec) => Spec = (spec) => spec,
): Promise<OpenCluster> {
  const { spec: written, folder } = await openSpec(context);
  const spec = adjust(written);
  return { spec, provider: await openProvider(spec, folder, context) };
}
