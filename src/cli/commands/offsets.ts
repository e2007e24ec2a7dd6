/** kctl offsets */
import { Argument } from "@commander-js/extra-typings";
import type { Fault } from "../../fault.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "`offsets reset` sets where a consumer group goes on: at the first record that is there (`earliest`), at the end (`latest`), at an offset, or at the first record at or after a time as in ISO 8601 (`2026-11-30T09:00:00Z`, `2026-11-30`; without a zone it is UTC). It shows each partition's old offset and new one and asks; `--yes` does it at once. What was set is read back, and stands in `kctl history`.",
    "All partitions of the topics that the group has offsets for are set, or with `--topic` those of one. An offset that is gone, or not there yet, becomes the nearest that is, and the line says so. A group that has members is refused: they would go on from where they are and commit over it.",
  ],
  exits: { 2: "there is no terminal to ask on, and no `--yes`: it was shown only; or the command line is wrong" },
  result: {
    cluster: "the cluster's name",
    group: "the group's",
    changed: "how many offsets were set; 0 where it was shown only, or all of them stood there already",
    partitions:
      "`{topic, partition, start, end, old, new, note}` each; `old` is null where the group had none, `note` says why it is not the offset that was asked for",
  },
  examples: [
    ["kctl offsets reset orders --to earliest", "shows what would be set, and asks"],
    ["kctl offsets reset orders --to latest --topic bills --yes", "one topic, without the question: for CI"],
    ["kctl offsets reset orders --to 2026-11-30T09:00:00Z", "read again what came since nine"],
    ["kctl offsets reset orders --to 4711", "the same offset in each partition, as far as it is there"],
  ],
};

export const offsetsCommand = () =>
  specCommand("offsets", "set where a consumer group goes on", page)
    .addArgument(new Argument("<action>", "what to do").choices(["reset"]))
    .argument("<group>", "the consumer group")
    .requiredOption("--to <where>", "earliest, latest, a time or an offset")
    .option("--topic <topic>", "this topic only (default: all that the group has offsets for)")
    .option("--yes", "do not ask")
    .action((_action, group, options) =>
      run(options, async (context) => {
        const [{ resetOffsets }, { targetOf, targetText }, { resetText }] = await Promise.all([
          import("../../operations/reset-offsets.ts"),
          import("../../kafka/lag/reset-plan.ts"),
          import("../../report/reset-text.ts"),
        ]);
        const target = targetOf(options.to);
        const where = targetText(target);
        const { cluster, partitions, changed } = await resetOffsets(context, {
          group,
          target,
          to: options.to,
          topic: options.topic ?? null,
          yes: options.yes ?? false,
          shown: (rows) => resetText(group, where, rows),
        });
        const asked = !options.yes && context.ask !== null && (changed ?? 0) > 0;
        const done =
          changed === 0 ? "Nothing to change." : `${changed} ${changed === 1 ? "offset is" : "offsets are"} set.`;
        // On a terminal it was shown with the question.
        const table = asked ? [] : [resetText(group, where, partitions)];
        return {
          faults: changed === null ? [needsYes] : [],
          fields: { cluster, group, changed: changed ?? 0, partitions },
          text: () => [...table, ...(changed === null ? [] : [done])].join("\n"),
        };
      }),
    );

const needsYes: Fault = {
  code: "confirmation-needed",
  what: "offsets reset changes where the group goes on, and there is no terminal to ask on: nothing was changed",
  fix: "add --yes",
};
