/** The facts by their real script in each shell, on a machine that a test has set up. */
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { factsScript, type FactsWanted } from "../../src/preflight/facts-script.ts";
import type { HostFacts } from "../../src/preflight/host-facts.ts";
import { readFacts } from "../../src/preflight/read-facts.ts";
import { isRoot, shells, stage, type Stage, type StageOptions } from "../hosts/ssh/support/apply-shell.ts";

const { signal } = new AbortController();
const nothing: FactsWanted = { folders: {}, targets: [], own: true };
const now = (): number => Date.now() / 1000;

async function ask({ shell }: Stage, wanted: Partial<FactsWanted>, shift = 0): Promise<HostFacts> {
  const all = { ...nothing, ...wanted };
  const sent = now();
  const times: number[] = [];
  const { code, stdout, stderr } = await shell.run(factsScript(all), { signal, onStdout: () => times.push(now()) });
  expect([code, stderr]).toEqual([0, ""]);
  const facts = readFacts(stdout, all.targets, { sent: sent + shift, answered: (times[0] ?? now()) + shift });
  if (facts === null) throw new Error(`not to its end: ${stdout}`);
  return facts;
}

/** A port on which somebody listens, and one that was free a moment ago. */
async function ports(): Promise<{ readonly open: number; readonly closed: number }> {
  const [open, closed] = [createServer((socket) => socket.destroy()), createServer()];
  for (const server of [open, closed]) await once(server.listen(0, "127.0.0.1"), "listening");
  const numbers = [open, closed].map((server) => (server.address() as { port: number }).port);
  closed.close();
  await once(closed, "close");
  onTestFinished(() => void open.close());
  return { open: numbers[0] ?? 0, closed: numbers[1] ?? 0 };
}

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const tools: readonly [string, StageOptions][] = [
  ...kinds.map((kind): [string, StageOptions] => [kind, { kind }]),
  ["busybox with its own tools", { kind: "busybox", busyboxTools: true }],
];

describe.skipIf(!isRoot).each(tools)("%s", (_, options) => {
  test("system, memory, kernel, limits, disks and tools", async () => {
    const on = stage({
      ...options,
      setUp: 'mount -t tmpfs -o size=8m,nr_inodes=64 none "$STAGE/opt"; mount --bind "$STAGE/opt" /opt',
    });
    mkdirSync(join(on.root, "etc"), { recursive: true });
    writeFileSync(
      join(on.root, "etc/os-release"),
      'NAME=x\nID=rocky\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME=\'Rocky \\ Linux\t9\'\nOTHER=1',
    );
    mkdirSync(join(on.root, "run/systemd/system"), { recursive: true });
    const folders = { data: "/var/lib/kctl/demo/broker", software: "/opt/kctl", "it's": "/" };
    const facts = await ask(on, { folders });
    expect(facts).toMatchObject({
      kernel: "Linux",
      architecture: process.arch === "arm64" ? "aarch64" : "x86_64",
      os: { id: "rocky", like: ["rhel", "centos", "fedora"], version: "9.4" },
      missing: [],
      fetches: true,
      packages: "apt-get",
      systemd: true,
      selinuxEnforcing: false,
      reaches: [],
    });
    expect(facts.memoryMiB).toBeGreaterThan(100);
    expect(facts.swapMiB).toBeGreaterThanOrEqual(0);
    if (existsSync("/sys/kernel/mm/transparent_hugepage/enabled"))
      expect(facts.hugePages).toMatch(/^(always|madvise|never)$/);
    expect(facts.openFiles.kernel).toBeGreaterThan(1000);
    expect(facts.openFiles.user).toBeGreaterThan(100);
    // The nearest folder that is there.
    expect(facts.disks.map(({ name, path }) => [name, path])).toEqual([
      ["data", "/var/lib"],
      ["software", "/opt"],
      ["it's", "/"],
    ]);
    const software = facts.disks[1];
    expect(software).toMatchObject({ type: "tmpfs", freeMiB: 8, writable: true });
    expect(software?.freeInodes).toBeLessThan(64);
    expect(software?.device).not.toBe(facts.disks[0]?.device);
  });

  test("its clock against this one, the way there and back taken off", async () => {
    const on = stage(options);
    const { clock } = await ask(on, {});
    expect(Math.abs(clock?.ahead ?? 99)).toBeLessThanOrEqual((clock?.within ?? 0) + 0.01);
    const { clock: other } = await ask(on, {}, -100);
    expect(Math.abs((other?.ahead ?? 0) - 100)).toBeLessThanOrEqual((other?.within ?? 0) + 0.01);
  });

  test("a port that is open is told from one on which nobody listens", async () => {
    const { open, closed } = await ports();
    const targets = [open, closed].map((port) => ({ address: "127.0.0.1", port }));
    const { reaches } = await ask(stage(options), { targets });
    expect(reaches?.map(({ port, answer }) => [port, answer])).toEqual([
      [open, "open"],
      [closed, "closed"],
    ]);
  });
});

describe.skipIf(!isRoot)("what a machine reaches", () => {
  // In a network of its own: one port loses what is sent to it, another turns it away, and one address has no way to it.
  const network = [
    "ip link set lo up",
    "nft add table inet t",
    "nft 'add chain inet t o { type filter hook output priority 0; }'",
    "nft add rule inet t o tcp dport 1001 drop",
    "nft add rule inet t o tcp dport 1002 reject with icmpx type admin-prohibited",
  ].join("; ");
  const hidden = (...names: readonly string[]): string =>
    names.map((name) => `mount --bind /dev/null "$(readlink -f "$(command -v ${name})")"`).join("\n");
  const alone = `exec unshare --net sh -ec '${network.replaceAll("'", String.raw`'\''`)}; set +e; exec "$@"' sh "$@"`;
  const targets = [
    ...[1001, 1002, 1003].map((port) => ({ address: "127.0.0.1", port })),
    { address: "10.99.99.99", port: 1 },
  ];

  test.each([
    ["bash", ""],
    ["curl", hidden("bash")],
  ])("by %s: lost, turned away, closed, and no way there", async (_, setUp) => {
    const began = performance.now();
    const { reaches } = await ask(stage({ setUp: `${setUp}\n${alone}` }), { targets });
    expect(reaches?.map(({ port, answer }) => [port, answer])).toEqual([
      [1001, "silent"],
      [1002, "unreachable"],
      [1003, "closed"],
      [1, "unreachable"],
    ]);
    // All at once.
    expect(performance.now() - began).toBeLessThan(6000);
  });

  test("by curl: open", async () => {
    const { open } = await ports();
    const { reaches } = await ask(stage({ setUp: hidden("bash") }), {
      targets: [{ address: "127.0.0.1", port: open }],
    });
    expect(reaches).toEqual([{ address: "127.0.0.1", port: open, answer: "open", said: "open" }]);
  });

  test("with neither, nothing is said of it", async () => {
    const { reaches } = await ask(stage({ setUp: hidden("bash", "curl") }), { targets });
    expect(reaches).toBeNull();
  });

  test("tools that are missing are named, by a script that needs none of them", async () => {
    const { missing, fetches } = await ask(stage({ setUp: hidden("awk", "gzip", "curl", "wget") }), {});
    expect([missing, fetches]).toEqual([["awk", "gzip"], false]);
  });
});

test("a script that was cut off says nothing", async () => {
  expect(readFacts("clock\t1\nuname\tLinux\tx86_64\n", [], null)).toBeNull();
});
