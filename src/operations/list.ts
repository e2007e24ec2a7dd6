/** Every cluster of kctl's in a region of AWS. */
import type { ListedCluster } from "../ec2/listed-clusters.ts";
import { openAwsRegion, type RegionChoice } from "./aws-region.ts";
import type { Context } from "./context.ts";

export async function list(
  context: Context,
  choice: RegionChoice,
): Promise<{ readonly region: string; readonly clusters: readonly ListedCluster[] }> {
  const region = await openAwsRegion(context, choice);
  return { region: region.name, clusters: await region.clusters() };
}
