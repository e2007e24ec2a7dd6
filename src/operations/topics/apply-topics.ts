/** Makes topics what the spec says: those that it names, and no other. */
import type { Cluster } from "../../cluster/cluster.ts";
import { KctlError, type Fault } from "../../fault.ts";
import { deleteTopics } from "../../kafka/wire/delete-topics.ts";
import { changesSomething, type Change } from "../../plan/change.ts";
import { doneAgain } from "../../plan/done-again.ts";
import { receiptText, type Receipt } from "../../plan/receipt.ts";
import { withTopicId } from "../../plan/topic-changes.ts";
import { mustStillHold } from "../../providers/must-still-hold.ts";
import type { Lock, Provider } from "../../providers/provider.ts";
import { byteText } from "../../report/amounts.ts";
import { askTheController, errorsOf, mustBeBegun, requestMs, untilTopic } from "../ask-kafka.ts";
import { changeKafka, type RecordTopic } from "../change-kafka.ts";
import { confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import { execute, type Perform } from "../execute.ts";
import { inHistory } from "../in-history.ts";
import { openCluster } from "../open-cluster.ts";
import { lookAtTopics, type TopicsSeen } from "./look-at-topics.ts";
import { reassign, type RecordThrottled } from "./reassign.ts";

export type TopicsApplied = {
  readonly cluster: string;
  readonly changed: number;
  /** What the spec asks for and kctl does not do: all else was done. */
  readonly refused: readonly Fault[];
};

export type ApplyOptions = {
  readonly yes: boolean;
  /** Bytes a second. */
  readonly throttle: number;
  /** Told of how many things were changed, also by one that failed. */
  readonly onChanged: (count: number) => void;
};

export async function applyTopics(given: Context, { yes, throttle, onChanged }: ApplyOptions): Promise<TopicsApplied> {
  const open = await openCluster(given);
  const { provider } = open;
  return inHistory({ provider, command: "topics apply", context: given }, async (context, lock) => {
    let changed = 0;
    let before: readonly Change[] = [];
    for (;;) {
      const seen = await lookAtTopics(open, throttle, context);
      const { changes, refusals: refused } = seen.plan;
      const again = doneAgain(changes, before);
      if (again.length > 0) throw new KctlError(again);
      const keep = keeper(seen, provider);
      const work = changes.filter(changesSomething);
      if (work.length === 0) {
        await keep.topics();
        return { cluster: seen.cluster.name, changed, refused };
      }
      if (!yes) await askAbout(work, context);
      await keep.topics();
      for (const { kind, title: text } of changes) if (kind === "note") context.emit({ type: "message", text });
      const done = await execute(work, performer(seen, keep, lock, context), context);
      changed += done.changed;
      onChanged(done.changed);
      if (done.faults.length > 0) throw new KctlError(done.faults);
      before = work;
    }
  });
}

type Keeper = {
  readonly topics: () => Promise<void>;
  readonly made: RecordTopic;
  readonly throttled: RecordThrottled;
};

/** The receipt says what is to be made before it is, and what is throttled for as long as anything is. */
function keeper({ receipt, plan }: TopicsSeen, provider: Provider): Keeper {
  let current = receipt;
  let writing: Promise<void> = Promise.resolve();
  const writeAfter = async (former: Promise<void>): Promise<void> => {
    // Whoever began it is told.
    await former.catch(() => undefined);
    await provider.writeReceipt(receiptText(current));
  };
  // One after the other, since changes go side by side: an older one must not come last.
  const write = (next: Receipt): Promise<void> => {
    if (receiptText(next) === receiptText(current)) return writing;
    current = next.revision === undefined ? next : { ...next, revision: next.revision + 1 };
    writing = writeAfter(writing);
    return writing;
  };
  return {
    topics: () => write({ ...current, topics: plan.kept }),
    made: (name, id) => write({ ...current, topics: withTopicId(current.topics, name, id) }),
    throttled: (throttled) => {
      const { reassigning: _, ...rest } = current;
      if (throttled === null) return write(rest);
      return write({ ...rest, reassigning: { topics: [...throttled.topics], brokers: [...throttled.brokers] } });
    },
  };
}

function performer({ cluster, receipt }: TopicsSeen, keep: Keeper, lock: Lock, context: Context): Perform {
  return async (change, begun) => {
    await mustStillHold(lock);
    switch (change.kind) {
      case "topic":
      case "partitions":
      case "topic-settings":
        return changeKafka(change, cluster, receipt.clusterId, keep.made, context);
      case "reassignment":
        // It takes its time: others go on.
        begun();
        return reassign(change, receipt.reassigning ?? null, cluster, keep.throttled, context);
      case "topic-deletion":
        return deleteTopic(change, cluster, context);
      default:
        throw new RangeError(`${change.key} is not about topics`);
    }
  };
}

const unknownTopicId = 100;

/** By its id: one that somebody made anew under the same name is another. */
async function deleteTopic(
  { topic, id, title }: Extract<Change, { kind: "topic-deletion" }>,
  cluster: Cluster,
  context: Context,
): Promise<void> {
  const answers = await askTheController(deleteTopics([id], requestMs), cluster, context, errorsOf);
  mustBeBegun(
    title,
    answers.filter(({ error }) => error !== unknownTopicId),
  );
  await untilTopic(topic, cluster, context, (seen) => seen === undefined || seen.id !== id);
}

async function askAbout(changes: readonly Change[], context: Context): Promise<void> {
  const deletions = changes.filter(({ kind }) => kind === "topic-deletion").map(({ title }) => title);
  if (deletions.length > 0 && context.ask === null)
    throw new KctlError({
      code: "confirmation-needed",
      what: `data would be lost, and there is no terminal to ask on: ${deletions.join("; ")}`,
      fix: "add --yes",
    });
  if (deletions.length > 0)
    await confirm(
      `This cannot be undone:\n${deletions.map((title) => `  ${title}\n`).join("")}Go on? [y/N] `,
      "y",
      context,
    );
  const move = changes.find((change) => change.kind === "reassignment");
  if (move === undefined || move.moves.length === 0) return;
  const many = `${move.moves.length} partition${move.moves.length === 1 ? "" : "s"}`;
  const size = move.bytes === null ? "" : `, ${byteText(move.bytes)} to copy`;
  const pace = `at most ${byteText(move.throttle)} a second from each broker and to each`;
  await confirm(`This moves replicas of ${many}${size}, ${pace}. Go on? [y/N] `, "y", context);
}
