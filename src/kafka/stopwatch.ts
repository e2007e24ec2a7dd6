/** How long something was waited for: waits that overlap count once. */

export type Stopwatch = {
  /** Gives back what ends this wait; ending it twice does no more. */
  start(): () => void;
  seconds(): number;
};

/** Each wait is one of `whole` too. */
export function stopwatch(whole?: Stopwatch): Stopwatch {
  let running = 0;
  let since = 0;
  let total = 0;
  return {
    start: () => {
      const endInWhole = whole?.start();
      if (running === 0) since = performance.now();
      running += 1;
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        running -= 1;
        if (running === 0) total += performance.now() - since;
        endInWhole?.();
      };
    },
    seconds: () => (total + (running === 0 ? 0 : performance.now() - since)) / 1000,
  };
}
