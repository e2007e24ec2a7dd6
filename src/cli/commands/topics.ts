/** kctl topics */
import { Argument, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { KctlError, type Fault } from "../../fault.ts";
import type { Context } from "../../operations/context.ts";
import { changesSomething, type Change } from "../../plan/change.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run, type Done } from "../run.ts";

const actions = ["list", "describe", "plan", "apply"] as const;

type Action = (typeof actions)[number];

const page: CommandPage = {
  about: [
    "`list` tells which topics there are, `describe` each of them in full (or one): partitions with their leader, replicas and those in sync, what is set on it, and how much is in it.",
    "`apply` makes topics what the spec says, apart from the rest of `up`: they are created, grown, their settings changed and taken back; and what `up` leaves to it: the number of replicas is changed, and topics with `delete: true` are deleted (with `prune: true` also those that kctl made and the spec has no more). `plan` shows what that would be. Other topics are left alone, and Kafka's own always.",
    "Replicas are moved by as few copies as there can be, to racks that have none yet, leaders spread evenly; no broker sends or takes more for it than `--throttle` says in a second. The throttle is taken back at the end. A run that was cut off leaves Kafka at work under the throttle: the next one waits for it and takes the throttle back.",
    "A deletion is shown with the records and bytes that it loses, and asked about.",
  ],
  exits: {
    2: "data would be lost, and there is no terminal to ask on, and no `--yes`: nothing was changed",
    3: "with `plan --check`: something would change",
  },
  result: {
    cluster: "`list`, `describe`, `apply`: the cluster's name",
    topics:
      "`list`: `{name, internal, partitions, replicas, underReplicated, offline}` each, the last four as numbers; `replicas` is null where partitions have different ones. `describe`: `partitions` is a list of `{partition, leader, replicas, isr, records, bytes}`, and there are `id`, `settings`, `records`, `bytes` (of one copy) and `bytesOnDisk` (of all copies) too. `records` counts offsets, the first to the last. What is not known is null",
    changes: "`plan`: as in `kctl plan`",
    changed: "`apply`: how many things it changed; it is there too where that failed",
    seconds: "`apply`: how long that took",
  },
  examples: [
    ["kctl topics list --internal", "all topics, Kafka's own too"],
    ["kctl topics describe orders", "its partitions, settings, records and bytes"],
    ["kctl topics plan", "what would be created, changed, moved or deleted?"],
    ["kctl topics apply --throttle 20MiB", "do it; 20 MiB a second from each broker and to each"],
    ["kctl topics apply --yes", "without asking, deletions included: for CI"],
  ],
};

const units = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

function bytesASecond(text: string): number {
  const match = /^([1-9][0-9]{0,5})(KiB|MiB|GiB)$/.exec(text);
  if (match === null) throw new InvalidArgumentError("It takes a size such as 50MiB.");
  return Number(match[1]) * units[match[2] as keyof typeof units];
}

const defaultThrottle = 50 * units.MiB;

export const topicsCommand = () =>
  specCommand("topics", "list topics, describe them, and make them what the spec says", page)
    .addArgument(new Argument("<action>", "what to do").choices(actions))
    .argument("[topic]", "with describe: this topic only")
    .option("--internal", "with list and describe: Kafka's own topics too")
    .option("--check", "with plan: exit with status 3 where anything would change")
    .addOption(
      new Option("--throttle <size>", "with plan and apply: how much each broker sends and takes in a second at most")
        .argParser(bytesASecond)
        .default(defaultThrottle, "50MiB"),
    )
    .option("--yes", "with apply: do not ask before data is moved or deleted")
    .action((action, topic, options) => {
      const started = performance.now();
      let changed = 0;
      const spent = (): Record<string, number> => ({
        changed,
        seconds: Number(((performance.now() - started) / 1000).toFixed(3)),
      });
      return run(
        options,
        (context) => {
          mustGoWith(action, { ...options, topic });
          switch (action) {
            case "list":
              return list(context, options.internal ?? false);
            case "describe":
              return describe(context, topic ?? null, options.internal ?? false);
            case "plan":
              return plan(context, options);
            case "apply":
              return apply(context, { ...options, spent, onChanged: (more) => (changed += more) });
          }
        },
        () => (action === "apply" ? spent() : {}),
      );
    });

const goesWith = {
  topic: { shown: "a topic", actions: ["describe"] },
  internal: { shown: "--internal", actions: ["list", "describe"] },
  check: { shown: "--check", actions: ["plan"] },
  yes: { shown: "--yes", actions: ["apply"] },
} as const satisfies Record<string, { readonly shown: string; readonly actions: readonly Action[] }>;

function mustGoWith(action: Action, given: Readonly<Partial<Record<keyof typeof goesWith, unknown>>>): void {
  for (const [name, { shown, actions }] of Object.entries(goesWith)) {
    const fits = (actions as readonly Action[]).includes(action);
    if (fits || given[name as keyof typeof goesWith] === undefined) continue;
    throw new KctlError({
      code: "usage",
      what: `${shown} goes with \`topics ${actions.join("` and `topics ")}\`, not with \`topics ${action}\``,
      fix: "leave it out",
    });
  }
}

async function list(context: Context, internal: boolean): Promise<Done> {
  const [{ listTopics }, { topicsTable }] = await Promise.all([
    import("../../operations/topics/list-topics.ts"),
    import("../../report/topics-text.ts"),
  ]);
  const { cluster, topics } = await listTopics(context, internal);
  return { fields: { cluster, topics }, text: (paint) => topicsTable(topics, paint) };
}

async function describe(context: Context, topic: string | null, internal: boolean): Promise<Done> {
  const [{ describeTopics }, { topicsText }] = await Promise.all([
    import("../../operations/topics/describe-topics.ts"),
    import("../../report/topics-text.ts"),
  ]);
  const { cluster, topics } = await describeTopics(context, topic, internal);
  return { fields: { cluster, topics }, text: (paint) => topicsText(topics, paint) };
}

type PlanOptions = {
  readonly throttle: number;
  readonly check?: true | undefined;
  readonly verbose?: true | undefined;
};

async function plan(context: Context, { throttle, check, verbose }: PlanOptions): Promise<Done> {
  const [{ planTopics }, { planText }] = await Promise.all([
    import("../../operations/topics/plan-topics.ts"),
    import("../../report/plan-text.ts"),
  ]);
  const { changes, refused } = await planTopics(context, throttle);
  return {
    ...exitOf(changes, refused, check),
    faults: refused,
    fields: { changes },
    text: (paint, page) => planText(changes, { paint, page, verbose: verbose ?? false }),
  };
}

function exitOf(changes: readonly Change[], refused: readonly Fault[], check: true | undefined): Pick<Done, "exit"> {
  return refused.length === 0 && check && changes.some(changesSomething) ? { exit: 3 } : {};
}

type ApplyOptions = {
  readonly throttle: number;
  readonly yes?: true | undefined;
  readonly spent: () => Record<string, number>;
  readonly onChanged: (count: number) => void;
};

async function apply(context: Context, { throttle, yes, spent, onChanged }: ApplyOptions): Promise<Done> {
  const { applyTopics } = await import("../../operations/topics/apply-topics.ts");
  const { cluster, changed, refused } = await applyTopics(context, { yes: yes ?? false, throttle, onChanged });
  const what = changed === 0 ? "nothing to change" : `${changed} change${changed === 1 ? "" : "s"}`;
  return { faults: refused, fields: { cluster, ...spent() }, text: () => `Topics of ${cluster}: ${what}.` };
}
