/** Lets calls through no faster than EC2 takes them. */
import { setTimeout as delay } from "node:timers/promises";
import { fullBucket, takeToken, type Rate } from "../../ec2/request-rate.ts";

/**
 * One after the other, each by the time at which it really goes: where this process was held up, those that are late do not all go at once.
 * @returns what a call waits for, in the order in which they ask
 */
export function paced(rate: Rate, signal: AbortSignal): () => Promise<void> {
  let bucket = fullBucket(rate, performance.now());
  let turn: Promise<void> = Promise.resolve();
  const pass = async (): Promise<void> => {
    for (;;) {
      const taken = takeToken(bucket, rate, performance.now());
      if (taken.waitMs <= 0) {
        ({ bucket } = taken);
        return;
      }
      await delay(Math.ceil(taken.waitMs), undefined, { signal });
    }
  };
  return () => {
    turn = turn.then(pass);
    return turn;
  };
}
