/** Every Kafka that is promised, with ZooKeeper and with KRaft; with KCTL_WRITE_REPORT=1 the figures go to docs/versions.md. */
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { versionLadder, type Combination, type Figures } from "../e2e/version-ladder.ts";
import { recordsPerSecond } from "../e2e/traffic.ts";

const combinations: readonly Combination[] = [
  { version: "3.7.2", mode: "zookeeper" },
  { version: "3.9.2", mode: "zookeeper" },
  { version: "3.9.2", mode: "kraft" },
  { version: "4.1.1", mode: "kraft" },
  { version: "4.3.1", mode: "kraft" },
];

const told: Figures[] = [];
for (const combination of combinations) {
  versionLadder(combination, (figures) => {
    told.push(figures);
    process.stdout.write(`${row(figures)}\n`);
  });
}

const modes = { zookeeper: "ZooKeeper", kraft: "KRaft" } as const;

function row(figures: Figures): string {
  const { version, mode, firstUpSeconds, secondUpSeconds, rollSeconds, records, longestPauseMs, slowestMs } = figures;
  const inSeconds = [firstUpSeconds, secondUpSeconds, rollSeconds].map((one) => `${one.toFixed(1)} s`);
  const cells = [version, modes[mode], ...inSeconds, records, `${longestPauseMs} ms`, `${slowestMs} ms`];
  return `| ${cells.join(" | ")} |`;
}

afterAll(async () => {
  if (process.env["KCTL_WRITE_REPORT"] !== "1") return;
  // Half a table would look like a whole one.
  if (told.length < combinations.length)
    throw new Error("not every combination has figures: docs/versions.md is as it was");
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`;
  // Others may have been at work on it, which makes everything slow.
  const load = loadavg()[2]?.toFixed(0);
  await writeFile(
    join(import.meta.dirname, "../../docs/versions.md"),
    `# Versions

Written by \`KCTL_WRITE_REPORT=1 npm run test:full\`, on the packed and installed program: ${machine}, whose mean load was ${load} at the end.
Each line is a cluster of three nodes, each with a broker and a ZooKeeper server or a controller. It was made, smoke-tested, left alone by a
second \`up\`; a setting that needs a restart was rolled; what brokers can change while they run was changed without one; a killed
broker, then all servers killed at once, were healed; it was destroyed.

While it was rolled, a producer (Kafka's own Java client, acks=all, its defaults otherwise) sent ${recordsPerSecond} records a second to a topic of
three replicas, two of them in sync at least, and a consumer read along in a group. Of these records none was lost, doubled or out of order,
and neither client saw an error. The pause is the longest time between two confirmations, the wait the longest of one record for its own.

| Kafka | with | first \`up\` | second \`up\` | roll | records | longest pause | longest wait |
|---|---|---|---|---|---|---|---|
${told.map(row).join("\n")}
`,
  );
});
