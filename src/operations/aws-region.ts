/** The region that a command looks at, with a spec or without one. */
import { KctlError } from "../fault.ts";
import type { Region } from "../providers/aws/region.ts";
import type { Context } from "./context.ts";
import { readAwsSpec } from "./read-aws-spec.ts";

export type RegionChoice = {
  /** As the command line names it; null: the spec's, else AWS_REGION. */
  readonly region: string | null;
  /** Whether a spec is named, on the command line or by KCTL_SPEC. */
  readonly spec: boolean;
};

export async function openAwsRegion(context: Context, { region, spec }: RegionChoice): Promise<Region> {
  const provider = spec ? (await readAwsSpec(context)).provider : null;
  const name = region ?? provider?.region ?? (context.env["AWS_REGION"] || null);
  if (name === null)
    throw new KctlError({
      code: "usage",
      what: "which region is meant is not said",
      fix: "add `--region eu-central-1`, name a spec with -f, or set AWS_REGION",
    });
  const { openRegion } = await import("../providers/aws/region.ts");
  const { signal, timeoutSeconds } = context;
  const opened = openRegion({ region: name, profile: provider?.profile, signal, timeoutSeconds });
  context.atEnd(opened.close);
  return opened;
}
