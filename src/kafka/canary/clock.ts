/** Milliseconds in which this process was awake: while it was suspended (Ctrl-Z, a closed lid), nothing was late. */

export type Clock = { readonly now: () => number; readonly stop: () => void };

const everyMs = 200;
/** A busy machine lets a timer wait for this long, and then it is the machine that is slow, not Kafka. */
const mostMs = 2000;

export function awakeClock(): Clock {
  let awake = 0;
  let seen = performance.now();
  const now = (): number => {
    const time = performance.now();
    awake += Math.min(time - seen, mostMs);
    seen = time;
    return awake;
  };
  const timer = setInterval(now, everyMs);
  return { now, stop: () => clearInterval(timer) };
}
