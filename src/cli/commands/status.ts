/** kctl status */
import { Option } from "@commander-js/extra-typings";
import type { Context } from "../../operations/context.ts";
import type { Page } from "../../report/reporter.ts";
import type { StatusEvent } from "../../report/status-events.ts";
import type { StatusRound, StatusShown } from "../../report/status-shown.ts";
import { durationSeconds, specCommand, type CommandPage, type CommonOptions } from "../command.ts";
import type { Paint } from "../../report/colours.ts";
import { isLive, paintFor, roomOf } from "../reporter-for.ts";
import { run, type Done } from "../run.ts";
import { write } from "../write.ts";

const page: CommandPage = {
  about: [
    "Asks each server and each broker, and shows what they say: services, controller, brokers, partitions that are offline or under-replicated, and of a KRaft cluster its quorum. Of a cluster that kctl does not manage (`type: external`) it asks the brokers alone. It reads only.",
    "`--watch` looks again and again. It adds how many records and bytes a second come in over the last five steps between looks (ten seconds, by default): of the whole cluster, of the busiest topics, and of what each broker leads. And it tells with the time what has changed since the look before: replicas that left the ISR or came back, leaders, the controller, brokers and servers that come and go. [More on it](guides/watch.md).",
  ],
  exits: { 1: "the cluster is not healthy, or that could not be found out" },
  result: {
    cluster: "the cluster's name",
    healthy: "whether every server serves and no partition is offline or under-replicated",
    versions:
      "`{kafka, zookeeper}`; `zookeeper` is null where it is the one that Kafka brings, or none; both are null where kctl does not manage the cluster",
    nodes:
      "`{name, address, roles, services, addresses, ids, pids}` each, the last four by role; a service is `running`, `stopped`, `failed`, `absent` or `unknown`",
    brokers: "`{id, node, controller, address}` of each broker that is registered",
    controller:
      "KRaft: the active controller, `{id, node}` or null; where kctl does not manage the cluster: null too where it is not known",
    quorum: "KRaft: `{leader, voters: [{id, node, lag}]}` or null",
    partitions: "`{total, underReplicated, offline}`; null for a count that could not be had",
    rates:
      "with `--watch`: `{seconds, records, bytes, topics, brokers, missing}`, a second, over the window of `seconds`; `topics` are the ten busiest, `{topic, records, bytes}` each, `brokers` are `{id, node, records, bytes}` of what each leads, `missing` the ids of leaders that did not tell of all that they lead, which is then in no rate; null where they are not known: after the first look, and while no broker answers",
    events: "with `--watch`: [what has changed](events.md#events-of-status---watch), the newest thousand of it",
  },
  examples: [
    ["kctl status", "is it well?"],
    ["kctl status --watch", "look every two seconds, with rates and what changes, until q or Ctrl-C"],
    ["kctl status --json", "the same for a program"],
  ],
};

export const statusCommand = () =>
  specCommand("status", "show machines, services, controller, brokers and partitions", page)
    .option("--watch", "look again and again, until q or Ctrl-C")
    .addOption(
      new Option("--interval <duration>", "how often --watch looks").argParser(durationSeconds).default(2, "2s"),
    )
    .action((options) =>
      options.watch === true
        ? // What is drawn anew is not to be drawn over by the progress of each look.
          run({ ...options, quiet: true }, (context) => watchStatus(context, options, options.interval))
        : run(options, async (context) => {
            const [{ status }, { statusText }] = await modules();
            return outcomeOf(await status(context), statusText);
          }),
    );

const modules = () => Promise.all([import("../../operations/status.ts"), import("../../report/status-text.ts")]);

const watchModules = () =>
  Promise.all([
    import("../../operations/watch-status.ts"),
    import("../../report/status-round-text.ts"),
    import("../watch.ts"),
  ]);

function outcomeOf<Shown extends StatusShown>(
  seen: Shown,
  textOf: (seen: Shown, paint: Paint, page: Page) => string,
): Done {
  const { complaints, ...fields } = seen;
  return {
    ok: seen.healthy,
    faults: complaints.map(({ what, node, fix }) => ({
      code: "unhealthy",
      what,
      ...(node === null ? {} : { node }),
      fix,
    })),
    fields,
    text: (paint, page) => textOf(seen, paint, page),
  };
}

/** Events that are kept. */
const keptEvents = 1000;

async function watchStatus(context: Context, options: CommonOptions, seconds: number): Promise<Done> {
  const [{ watchedStatus }, { statusRoundDrawn, statusRoundText }, { redrawing, watch }] = await watchModules();
  const { stdout } = process;
  const live = options.json !== true && isLive(stdout, options) ? redrawing(stdout) : null;
  const page = (): Page => ({ columns: live === null ? null : roomOf(stdout).columns, words: options.plain === true });
  let events: readonly StatusEvent[] = [];
  const show = (round: StatusRound): void => {
    events = [...events, ...round.events].slice(-keptEvents);
    if (options.json) return context.emit({ type: "status", ...round });
    const paint = paintFor(stdout, options);
    if (live !== null) {
      const drawn = statusRoundDrawn({ ...round, events }, paint, page());
      return live.draw({ ...drawn, foot: [...drawn.foot, [`every ${seconds} s; q ends it`]] });
    }
    const complaints = round.complaints.map(({ what }) => `- ${what}\n`).join("");
    write(stdout)(`${statusRoundText(round, paint, page())}\n${complaints}`);
  };
  try {
    const look = await watchedStatus(context);
    const { last, interrupted } = await watch(look, show, { seconds, signal: context.signal });
    return { ...outcomeOf({ ...last, events }, statusRoundText), ...(interrupted ? { exit: 130 } : {}) };
  } finally {
    live?.clear();
  }
}
