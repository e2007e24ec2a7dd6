/** Lets calls through no faster than EC2 takes them. */
import { setTimeout as delay } from "node:timers/promises";
import { fullBucket, takeToken, type Rate } from "../../ec2/request-rate.ts";

/** @returns what a call waits for, in the order in which they ask */
export function paced(rate: Rate, signal: AbortSignal): () => Promise<void> {
  let bucket = fullBucket(rate, performance.now());
  return async () => {
    const taken = takeToken(bucket, rate, performance.now());
    bucket = taken.bucket;
    if (taken.waitMs > 0) await delay(Math.ceil(taken.waitMs), undefined, { signal });
  };
}
