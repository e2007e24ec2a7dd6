/** Reads a spec that must be one for EC2. */
import { KctlError } from "../fault.ts";
import type { Spec } from "../spec/schema.ts";
import type { Context } from "./context.ts";
import { readSpec } from "./read-spec.ts";

export type AwsSpec = Spec & { readonly provider: Extract<Spec["provider"], { type: "aws" }> };

export async function readAwsSpec(context: Context): Promise<AwsSpec> {
  const { spec } = await readSpec(context);
  const { provider } = spec;
  if (provider.type === "aws") return { ...spec, provider };
  throw new KctlError({
    code: "usage",
    where: context.specFile,
    what: `the provider of ${spec.name} is ${provider.type}: nothing of it is in AWS`,
    fix: "name a spec with `type: aws`",
  });
}
