/** The changes of a plan as entries to show: what is the same on several nodes is one entry, with all of their names. */
import type { Change, ChangeEffect, Why } from "../plan/change.ts";

export type Entry = {
  /** The first of those that it stands for. */
  readonly change: Change;
  readonly nodes: readonly string[];
  readonly title: string;
  readonly effect: ChangeEffect;
  readonly reasons: readonly Why[];
  readonly diff: readonly string[];
  /** Further lines. */
  readonly more: readonly string[];
};

export function commonEntries(changes: readonly Change[], verbose: boolean): readonly Entry[] {
  const groups = Map.groupBy(foldersCounted(changes, verbose), (one) => shape(one, verbose));
  return [...groups.values()].map((same) => entryOf(same, verbose));
}

type Counted = { readonly change: Change; readonly folders: number };

/** Folders to make are many and say little: their number stands for them. */
function foldersCounted(changes: readonly Change[], verbose: boolean): readonly Counted[] {
  const isNew = ({ kind, verb }: Change): boolean => kind === "folder" && verb === "create";
  return changes.flatMap((change): readonly Counted[] => {
    if (verbose || !isNew(change)) return [{ change, folders: 0 }];
    const ofNode = changes.filter((other) => isNew(other) && other.node === change.node);
    return ofNode[0] === change ? [{ change, folders: ofNode.length }] : [];
  });
}

/** What is shown of a change but for the name of its node and the id of its server. */
function shape({ change, folders }: Counted, verbose: boolean): string {
  const title = folders > 1 ? "folders" : withId(below(change, "*"), "#");
  return JSON.stringify([title, folders, change.effect, change.why, diffOf(change, verbose), lineCount(change)]);
}

/** The title as it stands below its node's name. */
function below({ title, node }: Change, folder: string): string {
  return node === null ? title : title.replace(` on ${node}`, "").replace(`${node}/`, `${folder}/`);
}

const id = / (\d+)(?= |$)/;

function withId(title: string, shown: string): string {
  if (!/^(start|make) /.test(title)) return title;
  return title.replace(id, shown.includes(",") ? `s ${shown}` : ` ${shown}`);
}

function entryOf(same: readonly Counted[], verbose: boolean): Entry {
  const [first] = same;
  if (first === undefined) throw new RangeError("a group of no changes");
  const { change, folders } = first;
  const nodes = [...new Set(same.flatMap((one) => one.change.node ?? []))];
  const ids = same.flatMap((one) => id.exec(below(one.change, "*"))?.[1] ?? []);
  const title = withId(below(change, nodes.length > 1 ? "*" : (change.node ?? "*")), ids.join(", "));
  const lines = lineCount(change);
  return {
    change,
    nodes,
    title:
      folders > 1
        ? `create ${folders} folders`
        : `${title}${lines === null ? "" : ` (${lines} line${lines === 1 ? "" : "s"})`}`,
    effect: change.effect,
    reasons: change.why,
    diff: diffOf(change, verbose),
    more: change.kind === "roll" ? rollOrder(change.members) : [],
  };
}

function lineCount(change: Change): number | null {
  return change.kind === "file" && change.verb === "create" ? change.diff.length : null;
}

/** The receipt is kctl's own record, and a new file is all of it: shown where more is asked for. */
function diffOf({ kind, verb, diff }: Change, verbose: boolean): readonly string[] {
  return verbose || (kind !== "receipt" && (verb === "update" || kind === "topic" || kind === "reassignment"))
    ? diff
    : [];
}

/** Role by role; who leads is only known when it goes. */
function rollOrder(members: readonly string[]): readonly string[] {
  if (members.length < 2) return [];
  const roles = [...Map.groupBy(members, (member) => member.split("/")[1] ?? member)];
  return [
    ...roles.map(([role, ofRole], index) => {
      const nodes = ofRole.map((member) => member.split("/", 1)[0]).join(", ");
      return `${roles.length > 1 ? `${index + 1}. ` : ""}${role}: ${nodes}`;
    }),
    "each once it may go; whoever leads goes last",
  ];
}
