/** What a test wants to go wrong at the lab's EC2. */

/**
 * Met by calls of the action (or of any of them, or of all: "*", as without), each kind at the `from`th of these, unless told the first, and
 * at `count` in a row, unless told 1; those that are said to last, from then on.
 */
export type Ec2Fault = {
  readonly action?: string | readonly string[];
  readonly from?: number;
  readonly count?: number;
  /** Of one that names actions: whether calls that only try (DryRun) meet it and count, too. */
  readonly dryRun?: true;
} & (
  | { readonly kind: "error"; readonly status?: number; readonly code: string; readonly message?: string }
  | { readonly kind: "slow"; readonly seconds: number }
  /** The connection is closed; nothing has happened. */
  | { readonly kind: "reset" }
  /** It has happened, and the connection is closed in the place of an answer. */
  | { readonly kind: "lost" }
  /** It has happened (unless `applied` is false), it is in calls(), and there is no answer until other faults are set: time to kill the caller. */
  | { readonly kind: "hold"; readonly applied?: boolean }
  /** Whatever this call makes is not found by the next `calls` that name it, and missed by as many lists; or one of both only. */
  | { readonly kind: "unseen"; readonly calls: number; readonly only?: "ids" | "lists" }
  /** The instances that this call launches or starts show no public address in the next `calls` of DescribeInstances. */
  | { readonly kind: "addressless"; readonly calls: number }
  /** Lasts. EC2's clock is so much ahead of the caller's: past 15 minutes it takes no request, and says what time it is. */
  | { readonly kind: "skew"; readonly seconds: number }
  /** Lasts. Every second answer is what it was before the last change. */
  | { readonly kind: "stale" }
  /** Lasts. No more than `available` (0) of what one call asks for can be launched there. */
  | { readonly kind: "capacity"; readonly zone?: string; readonly instanceType?: string; readonly available?: number }
  /** Lasts. More than `burst` (1) at once, or `perSecond` (0) after that, get RequestLimitExceeded. */
  | { readonly kind: "throttle"; readonly perSecond?: number; readonly burst?: number }
  /** Lasts. Credentials that were good are no more: RequestExpired, unless told another code. */
  | { readonly kind: "expired"; readonly code?: string; readonly message?: string }
  /** The nth instance that is launched ends at once, for this reason of its state. */
  | { readonly kind: "launch"; readonly code: string; readonly message?: string }
);
