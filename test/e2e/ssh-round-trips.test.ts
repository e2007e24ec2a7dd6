/** What each verb costs a host, as its sshd sees it: a verb that begins to cost more fails here, and so does the page that says so. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Host } from "../lab/host.ts";
import { kctl } from "./kctl.ts";
import { closeSite, openSite, type Site } from "./ssh-site.ts";

/** Of the host that sees most of it. */
type Cost = {
  readonly connections: number;
  /** On them, one after the other or side by side; those left out that come again while a run lasts: `timed`. */
  readonly scripts: number;
  /** Through them to the servers' ports. */
  readonly questions: number;
};

type Row = {
  readonly verb: string;
  readonly args: readonly string[];
  /** How many lines of it are read; else all. */
  readonly reads?: number;
  /** From, to: what is asked for while a script runs goes with the next, so that it depends on how long scripts take. */
  readonly scripts: number | readonly [least: number, most: number];
  /** Null where servers are asked again and again until they are what is waited for. */
  readonly questions: number | null;
};

/** In the order in which they are measured. */
const rows: readonly Row[] = [
  { verb: "plan, of a new cluster", args: ["plan"], scripts: 2, questions: 0 },
  { verb: "up, of a new cluster", args: ["up", "--yes"], scripts: [16, 30], questions: null },
  { verb: "up, nothing to change", args: ["up", "--yes"], scripts: 4, questions: 3 },
  { verb: "plan", args: ["plan"], scripts: 2, questions: 1 },
  { verb: "status", args: ["status"], scripts: 2, questions: 3 },
  {
    verb: "status --watch, four looks",
    args: ["status", "--watch", "--interval", "1s", "--json"],
    // Whom nobody reads ends as it tells of the next.
    reads: 3,
    scripts: 8,
    questions: 12,
  },
  { verb: "check", args: ["check"], scripts: 3, questions: 2 },
  // As many as it takes until groups and partitions are what it waits for.
  { verb: "smoke-test", args: ["smoke-test"], scripts: 3, questions: null },
  { verb: "exec", args: ["exec", "--", "hostname"], scripts: 1, questions: 0 },
  { verb: "logs", args: ["logs"], scripts: 2, questions: 0 },
  { verb: "history", args: ["history"], scripts: 1, questions: 0 },
  { verb: "restart NODE", args: ["restart", "kafka-1", "--yes"], scripts: [8, 11], questions: null },
  { verb: "stop", args: ["stop", "--yes"], scripts: [6, 8], questions: 0 },
  { verb: "start", args: ["start"], scripts: [6, 11], questions: null },
  { verb: "destroy", args: ["destroy", "--yes"], scripts: [12, 20], questions: 0 },
];

/** sshd tells of every connection and forward; scripts pass through a shell that keeps a copy of all that one session is given. */
const watching = `
echo 'LogLevel DEBUG1' >/etc/ssh/sshd_config.d/watched.conf
mkdir -p /run/scripts
cat >/usr/local/bin/sh <<'.'
#!/bin/sh
[ "$1" = -s ] || exec /bin/sh "$@"
tee /run/scripts/$$-$(date +%s%N) | /bin/sh -s
.
chmod 755 /usr/local/bin/sh
systemctl reload ssh`;

/** Each begins with the mark of the shell, and is told by what stands in it. */
const begin = /^printf '%s %s\\n' kctl-[-0-9a-f]{36} \$\$$/mu;

/** Whether a server that is waited for still runs, the end of its log, and a renewal of the lock. */
const timed = /^if .*birth_of [0-9]+\)" = .*then echo yes; else|^tail -c 65536 |\|\| \{ echo lost; exit 0; \}$/mu;

async function costOf({ place, lab: { hosts } }: Site, { args, reads }: Pick<Row, "args" | "reads">): Promise<Cost> {
  const afresh = "rm -f /run/scripts/*; journalctl --show-cursor -n 0 | sed -n 's/^-- cursor: //p'";
  const cursors = await Promise.all(hosts.map(({ run }) => run(afresh)));
  const { inside = (argv) => ["env", ...argv] } = place;
  const some = (argv: readonly string[]) => inside(["sh", "-c", `"$@" | sed ${reads}q`, "sh", ...argv]);
  const { exit, err, out } = await kctl(reads === undefined ? place : { ...place, inside: some }, ...args);
  expect({ exit, err, out }).toMatchObject({ exit: 0 });
  const costs = await Promise.all(hosts.map(async (host, at) => costOn(host, cursors[at]?.trim() ?? "")));
  const most = (of: keyof Cost): number => Math.max(...costs.map((cost) => cost[of]));
  return { connections: most("connections"), scripts: most("scripts"), questions: most("questions") };
}

async function costOn({ run }: Host, cursor: string): Promise<Cost> {
  const log = await run(`journalctl --sync; journalctl -t sshd -o cat --after-cursor='${cursor}'`);
  const count = (pattern: RegExp): number => log.match(pattern)?.length ?? 0;
  const given = (await run("cat /run/scripts/* 2>/dev/null || true")).split(begin).slice(1);
  // What has input of its own has a session of its own.
  const withInput = count(/^Starting session: command .* -c /gmu);
  return {
    connections: count(/^Accepted publickey /gmu),
    scripts: given.filter((script) => !timed.test(script)).length + withInput,
    questions: count(/ctype direct-tcpip /gu),
  };
}

let site: Site;
beforeAll(async () => {
  const example = await readFile(join(import.meta.dirname, "../../examples/ssh.yaml"), "utf8");
  // What only takes time is cut short: it costs no round trip.
  const config = "{ controlled.shutdown.retry.backoff.ms: 100, group.initial.rebalance.delay.ms: 0 }";
  const yaml = example.replace("version: 3.9.1", `version: 3.9.1\n  config: ${config}`);
  const servers = ["kafka-1", "kafka-2", "kafka-3"].flatMap((node) => [`${node}/broker`, `${node}/zookeeper`]);
  site = await openSite({ hosts: 3, yaml, servers });
  await Promise.all(site.lab.hosts.map(({ run }) => run(watching)));
});
afterAll(() => closeSite(site));

test.for(rows)("$verb", async ({ scripts, questions, ...row }) => {
  const cost = await costOf(site, row);
  const [least, most] = typeof scripts === "number" ? [scripts, scripts] : scripts;
  expect(cost).toMatchObject({ connections: 1, ...(questions === null ? {} : { questions }) });
  expect(cost.scripts).toBeGreaterThanOrEqual(least);
  expect(cost.scripts).toBeLessThanOrEqual(most);
});

const lineOf = ({ verb, scripts, questions }: Row): string => {
  const range = typeof scripts === "number" ? scripts : `${scripts[0]} to ${scripts[1]}`;
  return `| \`${verb.replace(/,.*/u, "")}\`${/,.*/u.exec(verb)?.[0] ?? ""} | 1 | ${range} | ${questions ?? "…"} |`;
};

test("the guide says what was measured", async () => {
  const guide = await readFile(join(import.meta.dirname, "../../docs/guides/ssh.md"), "utf8");
  expect(guide).toContain(rows.map(lineOf).join("\n"));
});
