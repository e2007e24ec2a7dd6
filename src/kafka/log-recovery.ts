/** Whether a broker that does not serve yet is loading its logs, told by its server.log; after an unclean end that can take hours. */

const begins = /\bINFO Loading logs from log dirs\b/;
const ends = /\bINFO Loaded \d+ logs in\b/;
/** Lines of the load itself; others come up as well while partitions are made on a broker that serves. */
const ofTheLoad = /\bRecovering unflushed segment\b|\bCompleted load of Log\b|\b(?:Attempting|Skipping) recovery\b/;
const saysHowFar = new RegExp(`${begins.source}|${ofTheLoad.source}|\\bLoading producer state\\b`);

/**
 * The last line of a load that has not ended, else null. Another line at the next look is progress.
 * @param log the end of server.log, which may begin anywhere
 */
export function recoveryIn(log: string): string | null {
  const lines = log.split("\n");
  const end = lines.findLastIndex((line) => ends.test(line));
  const since = lines.slice(end + 1);
  if (!since.some((line) => begins.test(line) || ofTheLoad.test(line))) return null;
  return since.findLast((line) => saysHowFar.test(line)) ?? null;
}
