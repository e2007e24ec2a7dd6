/** kctl lag */
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Context } from "../../operations/context.ts";
import type { LagSeen } from "../../operations/lag.ts";
import type { GroupLag, LagRound } from "../../report/lag-shown.ts";
import type { Page } from "../../report/reporter.ts";
import { durationSeconds, specsCommand, type CommandPage, type CommonOptions } from "../command.ts";
import { isLive, paintFor, roomOf } from "../reporter-for.ts";
import { run, type Done } from "../run.ts";
import { write } from "../write.ts";

const page: CommandPage = {
  about: [
    "Shows how far consumer groups are behind: of each partition its end, the offset that the group has committed, the lag between them, and the member that has it. Groups of the classic protocol and of the new one (KIP-848); of one cluster, or with several `-f` of several. Without a group there is a line a group; with one, a line a partition; the JSON result has both. It reads only.",
    "One look can say little of how a consumer fares: a partition is `OK` where there is no lag or a member of the group has it, and `STOP` where records wait and no member is there to read them. A group whose consumers choose their partitions themselves (`assign`) has no members: let `--watch` judge it, at an `--interval` of which ten span several of its commits.",
    "`--watch` judges by [the rules of LinkedIn's Burrow](https://github.com/linkedin/Burrow/wiki/Consumer-Lag-Evaluation-Rules), once it has looked ten times: `OK`; `WARN`, it moves and the lag does not become less; `STALL`, a member has it and the offset stands still; `STOP`, nobody has committed for longer than the window spans; `REWIND`, the offset went back. A group is as its worst partition: `ERR` where one is `STOP`, `STALL` or `REWIND`. Until then each status is that of one look. [More on it](guides/lag.md). `trend` is by how many records a second the lag grew over the window.",
    "Where a node of the cluster runs [Burrow](guides/burrow.md) and it answers, the statuses are Burrow's, `judgedBy` says so, and one look is enough: it sees every commit. Offsets, lag and members are Kafka's own all the same. Where it does not answer, that is a warning, and kctl judges.",
    "A lag that is not known (a broker that hangs, a partition without a leader) is an error, and never taken for none. A partition that a member has and for which nothing was committed yet has no lag: `null`.",
  ],
  exits: {
    1: "a lag could not be found out, or there is no such group",
    3: "with `--max-lag`: a group is further behind than that",
  },
  result: {
    groups:
      "`{cluster, group, status, judgedBy, lag, state, protocol, members, partitions}` of each group; `judgedBy` is `burrow` or `kctl`, by Burrow there is `complete` too, the share of the partitions whose window it has filled; `protocol` is `classic` or `consumer`, `members` how many there are; `partitions` are `{topic, partition, end, committed, lag, owner, clientId, host, status, judgedBy}` each, `owner` the member's id; with `--watch` both have `trend`",
    over: "with `--max-lag`: the groups that are over it, `{cluster, group, lag}` each",
  },
  examples: [
    ["kctl lag", "every group"],
    ["kctl lag orders", "one group, partition by partition"],
    ["kctl lag orders --max-lag 1000", "for CI: exit status 3 where it is further behind"],
    ["kctl lag --watch --interval 10s", "how do they fare? Until q or Ctrl-C"],
    ["kctl lag -f eu.yaml -f us.yaml", "the groups of two clusters"],
  ],
};

export const lagCommand = () =>
  specsCommand("lag", "show how far consumer groups are behind, and how they fare", page)
    .argument("[group]", "one group (default: all)")
    .addOption(new Option("--max-lag <records>", "exit with status 3 where a group is further behind").argParser(count))
    .option("--watch", "look again and again, and judge by what was seen, until q or Ctrl-C")
    .addOption(
      new Option("--interval <duration>", "how often --watch looks").argParser(durationSeconds).default(5, "5s"),
    )
    .action((group, { file: files, ...options }) => {
      const wanted = { group: group ?? null, maxLag: options.maxLag ?? null, seconds: options.interval };
      const common = { ...options, file: files[0] };
      const contexts = (context: Context) =>
        files.length === 0 ? [context] : files.map((specFile) => ({ ...context, specFile }));
      return options.watch === true
        ? // What is drawn anew is not to be drawn over by warnings of each look.
          run({ ...common, quiet: true }, (context) => watchLag(contexts(context), context, options, wanted))
        : run(common, async (context) => {
            const [{ lag }, { lagText }] = await modules();
            const seen = await lag(contexts(context), wanted.group);
            for (const fault of seen.warnings) context.emit({ type: "warning", fault });
            return outcomeOf(seen, wanted, lagText);
          });
    });

type Wanted = { readonly group: string | null; readonly maxLag: number | null; readonly seconds: number };

function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It takes a number of records, such as 1000.");
  return Number(text);
}

const modules = () => Promise.all([import("../../operations/lag.ts"), import("../../report/lag-text.ts")]);

type LagText = Awaited<ReturnType<typeof modules>>[1]["lagText"];

function outcomeOf({ faults, groups }: LagSeen, { group, maxLag }: Wanted, lagText: LagText): Done {
  const over = maxLag === null ? [] : groups.filter(({ lag }) => lag > maxLag);
  return {
    faults,
    fields: { groups, ...(maxLag === null ? {} : { over: over.map(named) }) },
    ...(faults.length === 0 && over.length > 0 ? { exit: 3 } : {}),
    text: (paint, onPage) => [lagText({ groups }, group !== null, paint, onPage), ...overText(over, maxLag)].join("\n"),
  };
}

const named = ({ cluster, group, lag }: GroupLag) => ({ cluster, group, lag });

function overText(over: readonly GroupLag[], maxLag: number | null): readonly string[] {
  if (over.length === 0) return [];
  return ["", `Over --max-lag ${maxLag}: ${over.map(({ group, lag }) => `${group} (${lag})`).join(", ")}`];
}

/** Burrow's own window is full, or not, by itself. */
function oneLookLines({ groups, looks, window }: LagRound): readonly string[] {
  if (looks >= window || (groups.length > 0 && groups.every(({ judgedBy }) => judgedBy === "burrow"))) return [];
  const which = groups.some(({ judgedBy }) => judgedBy === "burrow") ? "of kctl's own statuses each" : "each status";
  return [`look ${looks} of ${window}: ${which} is that of one look yet`];
}

async function watchLag(
  contexts: readonly Context[],
  { emit, signal }: Context,
  options: Pick<CommonOptions, "json" | "color" | "plain">,
  wanted: Wanted,
): Promise<Done> {
  const [[{ watchedLag }, { lagText }], { redrawing, watch }] = await Promise.all([modules(), import("../watch.ts")]);
  const { stdout } = process;
  const { seconds, group } = wanted;
  const live = options.json !== true && isLive(stdout, options) ? redrawing(stdout) : null;
  const onPage = (): Page => ({
    columns: live === null ? null : roomOf(stdout).columns,
    words: options.plain === true,
  });
  const show = ({ faults, warnings, ...round }: LagSeen<LagRound>): void => {
    if (options.json) return emit({ type: "lag", ...round, faults, warnings });
    const lines = lagText(round, group !== null, paintFor(stdout, options), onPage()).split("\n");
    const wrong = [...faults, ...warnings].map(({ what }) => `- ${what}`);
    const judged = oneLookLines(round);
    if (live === null) write(stdout)([...lines, ...judged, ...wrong].map((line) => `${line}\n`).join(""));
    else live.draw({ tables: [lines], wrong, foot: [[...judged, `every ${seconds} s; q ends it`]] });
  };
  try {
    const look = await watchedLag(contexts, group);
    const { last, interrupted } = await watch(look, show, { seconds, signal });
    return { ...outcomeOf(last, wanted, lagText), ...(interrupted ? { exit: 130 } : {}) };
  } finally {
    live?.clear();
  }
}
