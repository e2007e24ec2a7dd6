/**
 * How fast EC2 takes calls: a bucket of tokens, one for each call, that fills by itself. More than it holds is refused.
 * Source of the figures: docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html.
 */

/** So many at once, and so many a second after that. */
export type Rate = { readonly burst: number; readonly perSecond: number };

/** Of RunInstances; what counts instances (a thousand at once, two a second after) holds no less, with one instance a call. */
export const launchRate: Rate = { burst: 5, perSecond: 2 };

/** Tokens that were there at some moment: below zero, those that calls wait for already. */
export type Bucket = { readonly tokens: number; readonly at: number };

export function fullBucket({ burst }: Rate, at: number): Bucket {
  return { tokens: burst, at };
}

/**
 * Takes a token, which may still be to come.
 * @param at in milliseconds
 * @returns after how long the call may be made
 */
export function takeToken(
  bucket: Bucket,
  { burst, perSecond }: Rate,
  at: number,
): { readonly bucket: Bucket; readonly waitMs: number } {
  const passed = Math.max(0, at - bucket.at) / 1000;
  const tokens = Math.min(burst, bucket.tokens + passed * perSecond) - 1;
  return { bucket: { tokens, at: Math.max(at, bucket.at) }, waitMs: tokens >= 0 ? 0 : (-tokens / perSecond) * 1000 };
}
