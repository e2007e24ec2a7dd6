/** The checks of consumer groups. They only read, each in groups of its own, and so run side by side. */
import type { Stopwatch } from "../stopwatch.ts";
import type { Bench } from "./bench.ts";
import { said, together, type Checklist } from "./checklist.ts";
import { enter, type Group } from "./group.ts";
import { groupName } from "./groups.ts";
import { readOverRebalance } from "./rebalance.ts";
import { readInTwoParts, readUpTo, type Offsets } from "./two-parts.ts";
import { allReadAgain, lagCounted, orderOverRebalance, resumed } from "./verify-groups.ts";
import type { Confirmed } from "./write.ts";

type Written = { readonly run: string; readonly written: readonly Confirmed[]; readonly ends: Offsets };

export async function groupChecks(list: Checklist, bench: Bench, { run, written, ends }: Written): Promise<void> {
  const group = (purpose: Parameters<typeof groupName>[1], waits: Stopwatch): Group => {
    return { bench: { ...bench, waits }, name: groupName(run, purpose), partitions: [...ends.keys()] };
  };
  // Kafka lets the first of a group wait for others (3 s, unless it is told otherwise): so this one comes long before it reads.
  const early = enter(group("again", bench.waits)).then(
    ({ memberId }) => memberId,
    () => "",
  );
  const oneAfterTheOther = async (): Promise<void> => {
    const parts = await list.run("offset-resumed", async (waits) => {
      const value = await readInTwoParts(group("resume", waits), ends);
      return { detail: resumed(run, written, value), value };
    });
    if (parts === null) return;
    await list.run("lag-counted", async () => said(lagCounted(ends, parts)));
    // Only now is it read again: the first group has committed everything.
    await list.run("second-group", async (waits) =>
      said(allReadAgain(run, written, await readUpTo(group("again", waits), ends, await early))),
    );
  };
  const rebalanced = list.run("order-over-rebalance", async (waits) =>
    said(orderOverRebalance(run, written, await readOverRebalance(group("rebalance", waits), ends), ends)),
  );
  await together([oneAfterTheOther(), rebalanced, early]);
}
