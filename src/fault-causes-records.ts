/** What fault-causes.ts has to say of the error codes of records that are written and read. */
import type { FaultCode } from "./fault-codes.ts";

type RecordCode = Extract<FaultCode, "offset-out-of-range" | "record-refused" | "record-unreadable">;

export const recordFaultCauses: Readonly<Record<RecordCode, { readonly cause: string; readonly fix: string }>> = {
  "offset-out-of-range": {
    cause:
      "`consume --offset` names an offset before the first that is still kept (older records are deleted by retention) or beyond the end.",
    fix: "Take one of the offsets that the error tells, or `--from-beginning`.",
  },
  "record-refused": {
    cause:
      "The line is larger than the topic's `max.message.bytes` lets a record be, or it has no `--key-separator`. What came before it is written.",
    fix: "Mend the line, and write it and those after it again.",
  },
  "record-unreadable": {
    cause:
      "A batch is damaged on its way or on the broker's disk, is compressed by a codec that kctl does not know, or was written in a format that is older than Kafka 0.11.",
    fix: "Compare with what `kafka-console-consumer` and `kafka-dump-log` say of that offset; go on behind it with `--partition` and `--offset`.",
  },
};
