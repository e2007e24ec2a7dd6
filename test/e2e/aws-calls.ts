/** How many calls of EC2's API an `up` may make. */
import { expect } from "vitest";
import { isRenewal } from "../lab/ec2/count-calls.ts";
import type { Ec2Call } from "../lab/ec2/ec2.ts";

/** Of an `up` that launched these nodes: each has its own token, tags and user-data. */
export function expectFewCalls(calls: readonly Ec2Call[], nodes: number): void {
  expectAtMost(calls, 25 + 2.5 * nodes);
  expect(calls.filter(({ params }) => params["DryRun"] === "true").length).toBeLessThanOrEqual(5);
}

/** Of one that changed nothing: it tries nothing out either. */
export function expectFewCallsAgain(calls: readonly Ec2Call[], nodes: number): void {
  expectAtMost(calls, 8 + 0.02 * nodes);
  expect(calls.filter(({ params }) => params["DryRun"] === "true")).toEqual([]);
}

function expectAtMost(calls: readonly Ec2Call[], limit: number): void {
  const actions = calls.filter((call) => !isRenewal(call)).map(({ action }) => action);
  if (actions.length > limit) expect(actions, `more than ${limit} calls`).toEqual([]);
}
