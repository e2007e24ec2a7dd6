/** docs/benchmarks-aws.md, and what in it is over its limit. */
import { launchRate } from "../../src/ec2/request-rate.ts";
import { timingText } from "../../src/report/timing-text.ts";
import { machine, table, type Row } from "../figures.ts";
import type { Counted, Up } from "./count.ts";
import type { TimedUp } from "./timed.ts";

export type Measured = {
  readonly counted: readonly Counted[];
  readonly timed: TimedUp;
  readonly load: number;
};

export function rowsOf({ counted, timed: { timing, own } }: Measured): readonly Row[] {
  const waited = timing.path
    .filter(({ waits }) => waits === "machines" || waits === "servers")
    .reduce((sum, { from, to }) => sum + to - from, 0);
  const share = waited / timing.seconds;
  return [
    ...counted.flatMap(({ nodes, first, second, bucket, rampSeconds }): readonly Row[] => [
      row(`calls of an \`up\` that launches ${nodes} nodes`, first.calls, 25 + 2.5 * nodes),
      row(`calls of a second \`up\` of ${nodes} nodes`, second.calls, 8 + 0.02 * nodes),
      {
        what: `launches of ${nodes} nodes, over ${rampSeconds.toFixed(1)} s: the bucket that EC2 must have`,
        figure: `${bucket.toFixed(1)} calls`,
        limit: `${launchRate.burst}, ${launchRate.perSecond} more a second`,
        // EC2 gets calls as the network brings them: a tenth of a second early is a fifth of a call.
        ok: bucket <= launchRate.burst + 0.5,
      },
    ]),
    {
      what: "kctl's own work in an `up` of three nodes",
      figure: `${own.map((one) => one.toFixed(2)).join(", ")} s of ${timing.seconds.toFixed(1)} s`,
      limit: "1.5 s",
      ok: timing.own <= 1.5,
    },
    {
      what: "of the path of that `up`, waiting for machines (their packages included) or JVMs",
      figure: `${(share * 100).toFixed(0)} %`,
      limit: "at least 90 %",
      ok: share >= 0.9,
    },
  ];
}

function row(what: string, calls: number, limit: number): Row {
  return { what, figure: String(calls), limit: String(Math.floor(limit)), ok: calls <= limit };
}

export function page(measured: Measured): string {
  const { counted, timed, load } = measured;
  return `# Benchmarks on EC2

Written by \`npm run bench -- --aws --write\`: ${machine()}; load average at most ${load.toFixed(1)}

${table(rowsOf(measured)).replace("| median |", "| figure |")}

## Calls by action

| nodes | \`up\` | calls | of these DryRun | time | kctl's processor time | its peak memory |
|---|---|---|---|---|---|---|
${counted.flatMap(({ nodes, first, second }) => [line(nodes, "first", first), line(nodes, "second", second)]).join("\n")}

${counted.map(({ nodes, first, second }) => `- ${nodes} nodes, first: ${list(first)}\n- ${nodes} nodes, second: ${list(second)}`).join("\n")}

## What the time of an \`up\` of three nodes goes by with

\`\`\`text
${timingText(timed.timing)}
\`\`\`

The load average was ${timed.load.toFixed(1)} when it began.

## How it is measured

- **Calls** are those that the lab's EC2 ([the lab](guides/lab.md)) got, tries that were repeated included. That the lock is still held is told to
  EC2 once a minute; these calls go with time, not with work, and are not counted.
- **Nodes** here are simulated instances, with one process that answers SSH for all of them (\`bench/aws/stand-in.ts\`): each shows the host key that its user-data gave,
  lets in the key of the key pair, and runs scripts in a root of its own. \`up\` goes through the round of the machines with them: launches, addresses, first contact, the lease on
  each, new host keys, their tags. After that, where systemd would be needed, it ends with an error, and so does the second \`up\`. What comes after the machines'
  round makes no call but the one that gives the lock back, which is made then, too.
- **The ramp**: the size of a bucket that fills with ${launchRate.perSecond} calls a second, by the moments in which EC2 got the launches. EC2's own holds ${launchRate.burst}
  (docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html); the bucket that counts instances, a thousand and two a second, is larger.
- **Time of an \`up\`**: \`kctl up --timing\` of three real hosts of the lab, from nothing, three times (the one in which kctl itself needed least is told): instances boot, cloud-init runs, Java comes from a mirror of the distribution, Kafka from kctl's cache over SSH.
`;
}

function line(nodes: number, which: string, up: Up): string {
  const { calls, dryRuns, seconds, cpuSeconds, peakMiB } = up;
  return `| ${nodes} | ${which} | ${calls} | ${dryRuns} | ${seconds.toFixed(1)} s | ${cpuSeconds.toFixed(1)} s | ${peakMiB.toFixed(0)} MiB |`;
}

function list({ counts }: Up): string {
  return counts.map(([action, count]) => `${action} ${count}`).join(", ");
}
