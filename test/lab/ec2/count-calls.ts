/** Figures of a list of calls, for tests and benchmarks. */
import type { Ec2Call } from "./ec2.ts";

/** That the lock is still held: one a minute, however little there is to do. */
export function isRenewal({ action, params }: Ec2Call): boolean {
  return action === "CreateTags" && params["Tag.1.Key"] === "kctl:lock-until";
}

/** How many of each action, most first. */
export function countsOf(calls: readonly Ec2Call[]): readonly (readonly [action: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const { action, params } of calls) {
    const name = params["DryRun"] === "true" ? `${action} (DryRun)` : action;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** How large a bucket that fills with `perSecond` must be for none of these calls to be refused. */
export function bucketFor(calls: readonly Ec2Call[], perSecond: number): number {
  let lacking = 0;
  let most = 0;
  let before: number | null = null;
  for (const at of calls.map((call) => call.at).toSorted((a, b) => a - b)) {
    if (before !== null) lacking = Math.max(0, lacking - ((at - before) / 1000) * perSecond);
    lacking += 1;
    most = Math.max(most, lacking);
    before = at;
  }
  return most;
}
