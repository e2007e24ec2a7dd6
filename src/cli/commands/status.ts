/** kctl status */
import { Option } from "@commander-js/extra-typings";
import type { Context } from "../../operations/context.ts";
import type { Page } from "../../report/reporter.ts";
import type { StatusShown } from "../../report/status-shown.ts";
import { durationSeconds, specCommand, type CommandPage, type CommonOptions } from "../command.ts";
import { isLive, paintFor, roomOf } from "../reporter-for.ts";
import { run, type Done } from "../run.ts";
import { write } from "../write.ts";

const page: CommandPage = {
  about: [
    "Asks each server and each broker, and shows what they say: services, controller, brokers, partitions that are offline or under-replicated, and of a KRaft cluster its quorum. It reads only.",
  ],
  exits: { 1: "the cluster is not healthy, or that could not be found out" },
  result: {
    cluster: "the cluster's name",
    healthy: "whether every server serves and no partition is offline or under-replicated",
    versions: "`{kafka, zookeeper}`; `zookeeper` is null where it is the one that Kafka brings, or none",
    nodes:
      "`{name, address, roles, services, addresses, ids, pids}` each, the last four by role; a service is `running`, `stopped`, `failed`, `absent` or `unknown`",
    brokers: "`{id, node, controller, address}` of each broker that is registered",
    controller: "KRaft: the active controller, `{id, node}` or null",
    quorum: "KRaft: `{leader, voters: [{id, node, lag}]}` or null",
    partitions: "`{total, underReplicated, offline}`; null for a count that could not be had",
  },
  examples: [
    ["kctl status", "is it well?"],
    ["kctl status --watch", "look every two seconds, until q or Ctrl-C"],
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

type StatusText = Awaited<ReturnType<typeof modules>>[1]["statusText"];

function outcomeOf(seen: StatusShown, statusText: StatusText): Done {
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
    text: (paint, page) => statusText(seen, paint, page),
  };
}

async function watchStatus(context: Context, options: CommonOptions, seconds: number): Promise<Done> {
  const [[{ status }, { statusText }], { redrawing, watch }] = await Promise.all([modules(), import("../watch.ts")]);
  const { stdout } = process;
  const live = options.json !== true && isLive(stdout, options) ? redrawing(stdout) : null;
  const page = (): Page => ({ columns: live === null ? null : roomOf(stdout).columns, words: options.plain === true });
  const show = (seen: StatusShown): void => {
    if (options.json) return context.emit({ type: "status", ...seen });
    const complaints = seen.complaints.map(({ what }) => `- ${what}\n`).join("");
    const text = `${statusText(seen, paintFor(stdout, options), page())}\n${complaints}`;
    if (live === null) write(stdout)(text);
    else live.draw(`${text}\nevery ${seconds} s; q ends it`);
  };
  try {
    const { last, interrupted } = await watch(() => status(context), show, { seconds, signal: context.signal });
    return { ...outcomeOf(last, statusText), ...(interrupted ? { exit: 130 } : {}) };
  } finally {
    live?.clear();
  }
}
