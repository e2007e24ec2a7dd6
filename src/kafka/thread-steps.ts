/** How a thread pool of a broker gets from one size to another while it runs: Kafka at most doubles or halves it at a time. */

/** DynamicThreadPool, SocketServer and LogCleaner of Kafka's core: more than twice, or less than half of what runs, is refused. */
const pools: ReadonlySet<string> = new Set([
  "background.threads",
  "log.cleaner.threads",
  "num.io.threads",
  "num.network.threads",
  "num.recovery.threads.per.data.dir",
  "num.replica.fetchers",
]);

/**
 * The values to set before `to` itself, in order; none where `to` can be set at once, or no steps lead there.
 * @param now what each broker runs with
 */
export function threadSteps(name: string, now: readonly string[], to: string | null): readonly string[] {
  const [sizes, goal] = [now.map(Number), Number(to ?? Number.NaN)];
  if (!pools.has(name) || sizes.length === 0 || ![...sizes, goal].every((size) => Number.isInteger(size) && size >= 1))
    return [];
  let [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const steps: string[] = [];
  for (;;) {
    const [lowest, highest] = [Math.max(1, Math.floor(most / 2)), least * 2];
    if (lowest > highest || (goal >= lowest && goal <= highest)) return steps;
    const next = goal > highest ? highest : lowest;
    steps.push(String(next));
    [least, most] = [next, next];
  }
}
