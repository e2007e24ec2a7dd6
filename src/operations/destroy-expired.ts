/** Removes every cluster of a region whose end is past, whatever is left of it, and touches no other. */
import { KctlError, faultsOf, type Fault } from "../fault.ts";
import { openAwsRegion, type RegionChoice } from "./aws-region.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";

export type ExpiredDestroyed = {
  readonly region: string;
  readonly destroyed: readonly { readonly cluster: string; readonly expires: string; readonly removed: number }[];
  readonly faults: readonly Fault[];
};

export async function destroyExpired(
  context: Context,
  { yes, ...choice }: RegionChoice & { readonly yes: boolean },
): Promise<ExpiredDestroyed> {
  if (!yes && context.ask === null)
    throw new KctlError({
      code: "confirmation-needed",
      what: "destroy removes the clusters' data, and there is no terminal to ask on",
      fix: "add --yes",
    });
  const region = await openAwsRegion(context, choice);
  const expired = (await region.clusters()).filter(({ leftSeconds }) => leftSeconds !== null && leftSeconds <= 0);
  if (!yes && expired.length > 0) {
    const which = expired.map(
      ({ cluster, owner, expires }) => `  ${cluster} (${owner ?? "of nobody known"}, ended ${expires})\n`,
    );
    await confirm(`This removes, with their data:\n${which.join("")}Go on? [y/N] `, "y", context);
  }
  const destroyed: { cluster: string; expires: string; removed: number }[] = [];
  const faults: Fault[] = [];
  for (const { cluster, expires } of expired) {
    try {
      const removed = await region.destroyExpired(cluster, context.emit);
      if (removed !== null) destroyed.push({ cluster, expires: expires ?? "", removed });
    } catch (error) {
      context.signal.throwIfAborted();
      // One that is locked or protected keeps nobody from the others.
      faults.push(...faultsOf(error).map((fault) => ({ ...fault, what: `${cluster}: ${fault.what}` })));
    }
  }
  return { region: region.name, destroyed, faults };
}
