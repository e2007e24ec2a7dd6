/** The consumer groups of the smoke test: named after the run, found again by a later one, and deleted. */
import { KctlError } from "../../fault.ts";
import { askCoordinator } from "../ask-coordinator.ts";
import { until } from "../until.ts";
import { deleteGroups } from "../wire/delete-groups.ts";
import { describeGroups } from "../wire/describe-groups.ts";
import { errorName } from "../wire/error-names.ts";
import { leaveGroup } from "../wire/leave-group.ts";
import { listGroups } from "../wire/list-groups.ts";
import { askBroker, requestMs, type Bench } from "./bench.ts";

const purposes = ["resume", "again", "rebalance"] as const;

/** Nobody else's group is called so: the middle is the run's own UUID. */
const ours = new RegExp(`^kctl-smoke-test-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-(${purposes.join("|")})$`);

export function groupName(run: string, purpose: (typeof purposes)[number]): string {
  return `kctl-smoke-test-${run}-${purpose}`;
}

export function isOurs(group: string): boolean {
  return ours.test(group);
}

const longestSeconds = 10;
const groupNotFound = 69;

/** Kafka makes its topic of offsets, and loads it, when it is first asked for a group: that goes on while records are written. */
export async function warmUp(bench: Bench, run: string): Promise<void> {
  const groups = purposes.map((purpose) => groupName(run, purpose));
  // Whoever needs a group asks again, and says what is wrong then.
  await Promise.allSettled(groups.map((group) => membersOf(bench, group)));
}

/** Those of this run, and those that an earlier one left; how many it removed of each. */
export async function removeGroups(bench: Bench): Promise<{ readonly own: number; readonly earlier: number }> {
  const own = [...bench.entered];
  const earlier = (await listed(bench)).filter((group) => isOurs(group) && !bench.entered.has(group));
  const patient = { ...bench, seconds: Math.min(bench.seconds, longestSeconds) };
  await Promise.all([...own, ...earlier].map((group) => removeGroup(patient, group)));
  return { own: own.length, earlier: earlier.length };
}

/** What brokers that answer tell; a group of one that does not is found by the next run. */
async function listed(bench: Bench): Promise<readonly string[]> {
  const answers = await Promise.allSettled(bench.brokers.map(({ at }) => askBroker(bench, at, listGroups())));
  bench.signal.throwIfAborted();
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.groups : []));
}

/** A run that was cut off leaves its members in the group, which Kafka would keep until their sessions end. */
async function removeGroup(bench: Bench, group: string): Promise<void> {
  try {
    await until(`the group ${group} to be deleted`, bench.seconds, bench.signal, async () => {
      for (const member of await membersOf(bench, group)) {
        await askCoordinator(bench, group, leaveGroup(group, member), requestMs(bench), ({ error }) => [error]);
      }
      const [deleted] = await askCoordinator(bench, group, deleteGroups([group]), requestMs(bench), (answer) =>
        answer.map(({ error }) => error),
      );
      const error = deleted?.error ?? 0;
      return error === 0 || error === groupNotFound ? { done: true } : { still: `Kafka answers ${errorName(error)}` };
    });
  } catch (error) {
    bench.signal.throwIfAborted();
    if (!(error instanceof KctlError)) throw error;
    const fix = "the next smoke test removes the group; see `kctl status`";
    throw new KctlError(
      error.faults.map((fault) => ({ ...fault, fix })),
      { cause: error },
    );
  }
}

async function membersOf(bench: Bench, group: string): Promise<readonly string[]> {
  const errors = (answer: readonly { readonly error: number }[]): readonly number[] => answer.map(({ error }) => error);
  const described = await askCoordinator(bench, group, describeGroups([group]), requestMs(bench), errors);
  return described.flatMap(({ members }) => members.map(({ id }) => id));
}
