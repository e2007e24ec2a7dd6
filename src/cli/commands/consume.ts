/** kctl consume */
import { Option } from "@commander-js/extra-typings";
import { jsonPrinter, textPrinter } from "../../report/record-text.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";
import { escapesRead, fromOne, wholeNumber } from "../values.ts";
import { writeBytes } from "../write.ts";

const page: CommandPage = {
  about: [
    "Prints the records of a topic, to the end as it is now, each value as the bytes that it is and a line end. With `--follow` it goes on, until Ctrl-C, and reads new partitions of the topic too, within about a minute. It begins with the first record that there is; with `--follow` alone, with the next one that comes.",
    "With `--group` it joins that consumer group, goes on where the group has come to, and commits what it has printed; it leaves the group when it ends, however it ends. Where the reader of its output goes (`| head`), it commits what was written, and ends well.",
    "Records of transactions that are open or were aborted are left out. Batches compressed by gzip, snappy, lz4 and zstd are read.",
    'With `--json` each record is a line `{"type":"record","topic","partition","offset","timestamp","key","value","headers"}`; where bytes are no UTF-8, `keyBase64`, `valueBase64` and `headersBase64` have them as they are. Where headers have one name, `headers` has the last of them, and `headerList` all, as `{name, value}` in their order.',
  ],
  exits: { 130: "interrupted; with `--follow` that is how it ends, and no error" },
  result: {
    records: "how many records were written",
    partitions: "`{partition, offset}` of each that was read at the end; `offset` is that of the next record",
  },
  examples: [
    ["kctl consume orders", "all that is in there now"],
    ["kctl consume orders --follow", "what comes from now on"],
    ["kctl consume orders --group billing --max 100", "the next 100 of that group"],
    ["kctl consume orders --partition 2 --offset 40 --max 1 --json", "one record, with all there is to it"],
    ["kctl consume orders --key-separator '\\t'", "keys too"],
  ],
};

export const consumeCommand = () =>
  specCommand("consume", "print the records of a topic", page)
    .argument("<topic>", "the topic")
    .option(
      "--from-beginning",
      "with --follow: what is there already, too; with a group: where it has committed nothing",
    )
    .option("--group <group>", "as a member of this consumer group")
    .addOption(new Option("--partition <n>", "this partition only").argParser(wholeNumber))
    .addOption(new Option("--offset <n>", "begin with this offset").argParser(wholeNumber))
    .addOption(new Option("--max <n>", "end after so many records").argParser(fromOne))
    .option("--follow", "go on with what comes, until Ctrl-C")
    .addOption(
      new Option("--key-separator <text>", "print keys too, and this after each; \\t is a tab").argParser(escapesRead),
    )
    .option("--null <text>", "what is printed for a key or value that is null (default: nothing)")
    .option("--uncommitted", "records of open and of aborted transactions, too")
    .action((topic, options) =>
      run(options, async (context) => {
        const { consume } = await import("../../operations/consume.ts");
        const { interrupted, ...fields } = await consume(context, {
          topic,
          fromBeginning: options.fromBeginning ?? false,
          group: options.group ?? null,
          partition: options.partition ?? null,
          offset: options.offset ?? null,
          most: options.max ?? null,
          follow: options.follow ?? false,
          committed: options.uncommitted !== true,
          printer: options.json
            ? jsonPrinter(topic)
            : textPrinter({ separator: options.keySeparator ?? null, nothing: options.null ?? "" }),
          write: writeBytes(process.stdout),
        });
        return { fields, ...(interrupted ? { exit: 130 } : {}) };
      }),
    );
