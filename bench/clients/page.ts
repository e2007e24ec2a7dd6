/** docs/benchmarks-clients.md: what was measured, beside its limits, and how. */
import { machine, table, type Row } from "../figures.ts";

const about = `## How it is measured

- **The program** is packed, and installed into an empty folder. Each figure is a whole process, from its start to its end: Node.js or a JVM starts, the
  spec is read, Kafka is asked, the answer is printed. The two of a row run in turn, so that a machine whose speed drifts is fair to both, after one
  run of each that is not counted. Figures are medians: of five runs, of records three.
- **Topics and groups**: three controllers and three brokers of Kafka 4.3.1 on this machine, ten topics of 100 partitions with ten records each, and
  100 groups, of which each has read seven of the ten records in the 100 partitions of one topic: 10,000 offsets. Kafka's tools run as they come in its \`bin/\`. That both
  tell the same topics, and the same lag in all, is compared in each run.
- **Records**: one controller and one broker of Kafka 4.3.1 on this machine, topics of six partitions, a million lines of 100 bytes from a file. kctl writes them
  with \`--acks all\`, idempotent; kcat with its defaults. Both read the same topic to its end, into nothing. At last what kctl read is sorted and
  compared, byte for byte, with what was written.
- **Peak memory** is what the process tells of itself when it ends (its largest resident set), the highest of all runs.
`;

/** @param load the machine's load average when it began: what else was at work */
export function page(rows: readonly Row[], load: number): string {
  const head = `# Benchmarks beside other clients\n\nWritten by \`npm run bench -- --clients --write\`: ${machine()}; load average ${load.toFixed(1)} when it began`;
  return `${head}\n\n${table(rows)}\n\n${about}`;
}
