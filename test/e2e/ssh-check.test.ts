/** `kctl check` on real hosts: nothing is found on healthy ones; a firewall and a stranger's port are named, and keep `up` from beginning. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Finding } from "../../src/preflight/finding.ts";
import type { Files } from "../lab/files.ts";
import type { Host } from "../lab/host.ts";
import { lab, type Lab } from "../lab/lab.ts";

const isRoot = process.platform === "linux" && process.geteuid?.() === 0;

type Result = {
  readonly ok: boolean;
  readonly errors: readonly { readonly code: string; readonly node: string | null; readonly what: string }[];
  readonly findings: readonly Finding[];
};

const spec = (user: string): string => `name: staging
provider: { type: ssh, user: ${user} }
kafka: { version: 3.9.1 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [zookeeper, broker] }
  - { name: kafka-2, address: 10.77.0.12, roles: [zookeeper, broker] }
  - { name: kafka-3, address: 10.77.0.13, roles: [zookeeper, broker] }
`;

describe.skipIf(!isRoot)("on three hosts, as admin with sudo", () => {
  let it: Lab;
  let folder: string;
  beforeAll(async () => {
    it = await lab({ hosts: 3, java: false, login: "admin" });
    folder = await mkdtemp(join(tmpdir(), "kctl-check-"));
    await writeFile(join(folder, "kctl.yaml"), spec("admin"));
  });
  afterAll(async () => {
    await it?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const kctl = async (...args: readonly string[]) => {
    const env = { ...process.env, KCTL_CACHE: inject("cache"), NO_COLOR: "1" };
    return it.run([inject("kctl"), ...args], { cwd: folder, env });
  };
  const json = async (...args: readonly string[]): Promise<Result & { readonly status: number | null }> => {
    const { status, stdout, stderr } = await kctl(...args, "--json");
    const last = stdout.trim().split("\n").at(-1) ?? "";
    if (!last.startsWith("{")) throw new Error(`no result: ${stdout}${stderr}`);
    return { status, ...(JSON.parse(last) as Result) };
  };
  const host = (name: string): Host => {
    const found = it.hosts.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };
  const errorsIn = ({ findings }: Result) => findings.filter(({ level }) => level === "error");

  test("healthy hosts give no error, and are left as they were", async () => {
    const before = await host("kafka-1").files();
    const checked = await json("check");
    expect(errorsIn(checked)).toEqual([]);
    expect([checked.status, checked.ok, checked.errors]).toEqual([0, true, []]);
    const own = (files: Files): unknown => Object.keys(files).filter((path) => path.includes("kctl"));
    expect(own(await host("kafka-1").files())).toEqual(own(before));
  });

  test("a firewall is named with the pair and its ports, a stranger's port with who has it; up does not begin", async () => {
    await host("kafka-2").run(
      `nft -f - <<'END'
table inet wall {
  chain input {
    type filter hook input priority filter
    ip saddr 10.77.0.11 tcp dport { 2888, 9091 } drop
    ip saddr 10.77.0.13 tcp dport 2181 reject with icmpx type admin-prohibited
  }
}
END
systemd-run --quiet --unit=stranger systemd-socket-activate --listen=9092 /bin/cat
until ss -Hltn 'sport = :9092' | grep -q .; do sleep 0.05; done`,
    );
    const checked = await json("check");
    const told = errorsIn(checked).map(({ id, node, measured }) => [id, node, measured]);
    expect(told).toEqual([
      ["unreachable-port", "kafka-1", "no answer on ports 2888, 9091"],
      ["port-taken", "kafka-2", "taken"],
      ["unreachable-port", "kafka-3", "rejected (No route to host) on port 2181"],
    ]);
    const [dropped, taken, rejected] = errorsIn(checked);
    expect(dropped?.what).toContain("kafka-1 does not reach kafka-2 (10.77.0.12) on 2888");
    expect(taken?.what).toMatch(/^port 9092, .* is held by process \d+ \(.*systemd-socket-activate.*\)/);
    expect(rejected?.what).toContain("kafka-3 does not reach kafka-2 (10.77.0.12) on 2181");
    expect([checked.status, checked.ok]).toEqual([1, false]);
    expect(checked.errors.map(({ code, node }) => [code, node])).toEqual([
      ["preflight-failed", "kafka-1"],
      ["preflight-failed", "kafka-2"],
      ["preflight-failed", "kafka-3"],
    ]);

    const up = await json("up", "--yes");
    expect([up.status, up.errors.map(({ code, node }) => [code, node])]).toEqual([
      1,
      [
        ["port-taken", "kafka-2"],
        ["preflight-failed", "kafka-1"],
        ["preflight-failed", "kafka-3"],
      ],
    ]);
    expect(await host("kafka-1").run("ls -d /etc/kctl /opt/kctl 2>/dev/null || true")).toBe("");

    const { status, stdout } = await kctl("check");
    expect(status).toBe(1);
    expect(stdout).toMatch(/^staging: 3 errors.*\n[^]*\nkafka-1\n {2}✗ kafka-1 does not reach kafka-2/);
    await host("kafka-2").run("nft delete table inet wall; systemctl stop stranger");
    expect(errorsIn(await json("check"))).toEqual([]);
  });

  test("a host that is off is named, and the others are looked at all the same; so is an sshd that lets nobody through", async () => {
    await host("kafka-3").powerOff();
    await host("kafka-1").run("echo AllowTcpForwarding no >/etc/ssh/sshd_config.d/strict.conf; systemctl reload ssh");
    await host("kafka-2").run("mv /usr/bin/gzip /usr/bin/gzip.away");
    const checked = await json("check");
    expect(checked.status).toBe(1);
    const ids = errorsIn(checked).map(({ id, node }) => `${node} ${id}`);
    expect(ids).toEqual(["kafka-1 ssh-forwarding-refused", "kafka-2 programs", "kafka-3 ssh-unreachable"]);
    expect(errorsIn(checked)[0]?.fix).toContain("AllowTcpForwarding local");
  });
});
