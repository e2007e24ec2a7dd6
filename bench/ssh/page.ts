/** docs/benchmarks-ssh.md: what was measured, beside its limits, and how. */
import { machine, median, table, type Row } from "../figures.ts";
import type { Bout } from "./bout.ts";
import type { ToolName } from "./tools.ts";

type Bouts = ReadonlyMap<ToolName, readonly Bout[]>;

const firsts = (bouts: Bouts, name: ToolName): number =>
  median((bouts.get(name) ?? []).map(({ first }) => first.answered));

const ends = (bouts: Bouts, name: ToolName): number => median((bouts.get(name) ?? []).map(({ first }) => first.ended));

const agains = (bouts: Bouts, name: ToolName): number => median((bouts.get(name) ?? []).flatMap(({ again }) => again));

function against(bouts: Bouts, what: string, name: ToolName, most: number, of: typeof firsts): Row {
  const [ours, theirs] = [of(bouts, "kctl"), of(bouts, name)];
  const ratio = ours / theirs;
  return {
    what: `${what}, against ${name}`,
    figure: `${ours.toFixed(1)} s, ${name} ${theirs.toFixed(1)} s: ${ratio.toFixed(2)}×`,
    limit: `${most}×`,
    ok: ratio <= most,
  };
}

function rowsOf(bouts: Bouts): readonly Row[] {
  const first = "first `up` of three machines, until every broker answers";
  const second = agains(bouts, "kctl");
  return [
    against(bouts, first, "shell script", 1.1, firsts),
    against(bouts, first, "pyinfra", 0.7, firsts),
    against(bouts, first, "ansible-core", 0.25, firsts),
    {
      what: "second `up`, which changes nothing",
      figure: `${second.toFixed(2)} s`,
      limit: "1 s",
      ok: second <= 1,
    },
    against(bouts, "the same", "pyinfra", 0.4, agains),
  ];
}

export const isOver = (bouts: Bouts): boolean => rowsOf(bouts).some(({ ok }) => !ok);

function tools(bouts: Bouts): string {
  const lines = [...bouts].map(([name, all]) => {
    const changes = all.flatMap(({ change }) => change ?? []);
    const again = all.flatMap((one) => one.again);
    const cells = [
      name,
      `${firsts(bouts, name).toFixed(1)} s`,
      `${ends(bouts, name).toFixed(1)} s`,
      again.length === 0 ? "" : `${median(again).toFixed(2)} s`,
      changes.length === 0 ? "" : `${median(changes.map(({ seconds }) => seconds)).toFixed(1)} s`,
      changes.length === 0 ? "" : `${Math.min(...changes.map(({ fewest }) => fewest))} of 3`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| tool | first run: every broker answers | its end | a run that changes nothing | a changed setting | fewest brokers that answered during it |",
    "|---|---|---|---|---|---|",
    ...lines,
  ].join("\n");
}

const about = `## How it is measured

- **The work**: three Debian hosts of [the lab](guides/lab.md) with Java 17 and Python, booted for each run (which is not counted), made into three ZooKeeper servers
  (3.8.4) and three brokers (3.9.1) with heaps of 512 MB: user, folders, archives fetched from a mirror in the lab's network and checked, Java, configuration, names in
  /etc/hosts, kernel settings, hardened units. Configuration, JVM flags and units are, byte for byte, what \`kctl render\` gives: everybody starts the same servers.
- **Time** is from the start of the tool's process. A first run is over when every broker answers an ApiVersions request: one probe (\`bench/ssh/probe.ts\`), which
  asks all brokers about 50 times a second, looks on at all tools alike. "Its end" is that, or the end of the tool's process, whichever is later, as are the other
  figures: \`kctl up\` ends only after it has waited for every replica to be in sync and looked at everything again.
- **kctl** is packed and installed; its cache holds the archives. It is run as \`kctl up --yes\`.
- **The shell script** (\`bench/ssh/shell.sh\`) is the shortest that does the work: one ssh a host, all side by side; archives are fetched and unpacked
  while the rest is written; all servers are started at once. It checks nothing, flushes nothing to disk, and cannot be run twice.
- **pyinfra** (\`bench/ssh/pyinfra\`) runs with \`--no-wait\`: no host waits for another. It restarts a server whose files changed, at the end.
- **ansible-core** (\`bench/ssh/ansible\`) runs with pipelining, without gathering facts and with the strategy "free"; handlers restart the servers whose files changed.
- The tools run in turn, so that a machine whose speed drifts is fair to all: the script and kctl nine times after one round that is not counted, the others three times. Figures are medians.
- **A changed setting** is \`queued.max.requests\`, which brokers read when they start.
`;

export function page(bouts: Bouts, load: number): string {
  const head = `# Benchmarks over SSH\n\nWritten by \`npm run bench -- --ssh --write\`: ${machine()}; load average at most ${load.toFixed(1)}`;
  return `${head}\n\n${table(rowsOf(bouts))}\n\n${tools(bouts)}\n\n${about}`;
}
