/** kctl produce */
import { addAbortSignal } from "node:stream";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Written } from "../../kafka/records/producer.ts";
import { confirmedText, notTwice } from "../../report/produced-text.ts";
import type { Acks } from "../../kafka/wire/produce.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";
import { escapesRead, wholeNumber } from "../values.ts";

const page: CommandPage = {
  about: [
    "Writes a record for each line of standard input, as the bytes that they are. With `--key-separator`, what stands before it is the key. A key goes to the partition where Java's clients put it (murmur2); records without one go to all partitions in turn.",
    "With `--acks all`, which is the default, every replica in sync has a record before it counts, and whatever goes wrong meanwhile, it is neither lost nor written twice. With `--acks 1` the leader alone has it, and it may come twice after a connection was lost; with `--acks 0` nobody says whether it came.",
    "Interrupted, it still writes the lines that it has read.",
  ],
  exits: { 1: "a record could not be written; how many were, the message and the result say" },
  result: {
    records: "how many were confirmed; with `--acks 0`, how many were sent",
    partitions:
      "`{partition, records, offset}` of each that was written to; `offset` is that of the last record, or null",
  },
  examples: [
    ["kctl produce orders <<< hello", "one record without a key"],
    ["kctl produce orders --key-separator : < lines", "`customer-7:{...}`: records with keys"],
    ["kctl produce orders --header source=ci < lines", "each with a header"],
    [
      "kctl produce orders --key-separator : --null NULL < lines",
      "`customer-7:NULL`: a tombstone, a key without a value",
    ],
  ],
};

/** @param records null: it has not begun to write */
function left(records: number | null, acks: Acks) {
  if (records === null) return { fix: "run the same command again: nothing is written yet" };
  return { what: confirmedText(records, acks), fix: notTwice };
}

const acksOf = { 0: "none", 1: "leader", all: "all" } as const;

function header(text: string, before: readonly (readonly [string, Buffer])[]) {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It takes NAME=VALUE.");
  return [...before, [text.slice(0, at), Buffer.from(text.slice(at + 1))] as const];
}

export const produceCommand = () =>
  specCommand("produce", "write a record for each line of standard input", page)
    .argument("<topic>", "the topic")
    .addOption(
      new Option("--key-separator <text>", "what stands between key and value; \\t is a tab").argParser(escapesRead),
    )
    .addOption(
      new Option("--acks <acks>", "who must have a record").choices(["0", "1", "all"] as const).default("all" as const),
    )
    .addOption(new Option("--partition <n>", "write to this partition only").argParser(wholeNumber))
    .addOption(
      new Option("--header <name=value>", "a header of every record; may be given several times")
        .argParser(header)
        .default([] as readonly (readonly [string, Buffer])[], "none"),
    )
    .addOption(new Option("--null <text>", "a key or value that is this text is Kafka's null"))
    .addOption(
      new Option("--compression <codec>", "how batches are compressed")
        .choices(["none", "gzip", "zstd"] as const)
        .default("none" as const),
    )
    .action(async (topic, options) => {
      const none: Written = { records: 0, partitions: [] };
      let written: (() => Written) | null = null;
      const soFar = (): Written => written?.() ?? none;
      await run(
        options,
        async (context) => {
          const { produce } = await import("../../operations/produce.ts");
          await produce(context, {
            topic,
            acks: acksOf[options.acks],
            partition: options.partition ?? null,
            keySeparator: options.keySeparator ?? null,
            headers: options.header,
            nullText: options.null ?? null,
            compression: options.compression,
            input: (signal) => addAbortSignal(signal, process.stdin),
            writing: (confirmed) => void (written = confirmed),
          });
          const { records } = soFar();
          const text = `${records} ${records === 1 ? "record" : "records"} written to ${topic}`;
          return { fields: { ...soFar() }, text: () => text };
        },
        () => ({ ...soFar() }),
        () => left(written === null ? null : soFar().records, acksOf[options.acks]),
      );
    });
