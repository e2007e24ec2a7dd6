/** What people do with a cluster on machines of which port 22 alone is open: every command, and nobody knocks at another port. */
import { dirname } from "node:path";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { burrowRelease, type Release } from "./burrow-stand-in.ts";
import { fetched, kctl, start, type Ended, type Quorum } from "./kctl.ts";
import { closeSite, hostOf, openSite, type Site } from "./ssh-site.ts";
import { expectUntouched } from "./ssh-law.ts";

/** The servers of a cluster speak with each other; from elsewhere only SSH comes in, and what else is tried is counted. */
export const wall = `nft -f - <<'END'
table inet wall {
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    tcp dport 22 accept
    ip saddr { 10.77.0.11, 10.77.0.12, 10.77.0.13 } accept
    ip saddr 10.77.0.1 counter
  }
}
END`;

const hosts = ["kafka-1", "kafka-2", "kafka-3"] as const;
const source = "/etc/os-release";
const sink = "/var/lib/kctl/staging/connect/secret-place.txt";

const sorted = (ids: readonly number[]): readonly number[] => ids.toSorted((a, b) => a - b);

export type Wanted = {
  readonly version: string;
  readonly keeper: Quorum;
  /** Hosts that the cluster leaves alone. */
  readonly spare?: number;
};

type Told = { readonly where: string; readonly node: string; readonly what: string; readonly fix: string };

export const told = ({ result }: Ended): readonly Told[] => (result?.["errors"] ?? []) as readonly Told[];

const specOf = ({ version, keeper }: Wanted, { archive, sha512 }: Release, replicas: number): string => `name: staging
provider: { type: ssh, user: root, identityFile: ~/.ssh/id_ed25519 }
kafka: { version: ${version}, heap: 512MiB, config: { group.initial.rebalance.delay.ms: 0 } }
connect:
  heap: 256MiB
  config: { offset.flush.interval.ms: 1000 }
  plugins: [{ maven: "org.apache.kafka:connect-file:${version}" }]
burrow: { version: 1.9.5, archive: "${archive}", sha512: ${sha512} }
nodes:
  - { name: kafka-1, address: 10.77.0.11, rack: east, roles: [${keeper}, broker, connect] }
  - { name: kafka-2, address: 10.77.0.12, rack: west, roles: [broker, burrow] }
  - { name: kafka-3, address: 10.77.0.13, rack: south, roles: [broker] }
topics:
  - { name: orders, partitions: 3, replicas: ${replicas} }
  - { name: lines, partitions: 1, replicas: 3 }
connectors:
  - { name: in, class: FileStreamSource, config: { file: ${source}, topic: lines } }
  - { name: out, class: FileStreamSink, config: { file: { secret: { env: SINK } }, topics: lines } }
`;

/** @param more further tests of the same cluster, before it goes */
export function clientsOverSsh(wanted: Wanted, more?: (site: () => Site) => void): void {
  const { version, keeper } = wanted;
  describe(`Kafka ${version} with a ${keeper} and three brokers on machines`, { timeout: 420_000 }, () => {
    let site: Site;
    let release: Release;
    let commands = 0;
    const run = (...args: readonly string[]): Promise<Ended> => {
      commands += 1;
      return kctl(site.place, ...args, "--json");
    };
    const write = (input: string, ...args: readonly string[]): Promise<Ended> => {
      commands += 1;
      return kctl({ ...site.place, input }, "produce", ...args, "--json");
    };
    const onEach = (script: string): Promise<readonly string[]> =>
      Promise.all(hosts.map((host) => hostOf(site, host).run(script)));
    const logins = async (): Promise<readonly number[]> =>
      (await onEach("journalctl --sync; journalctl -t sshd -o cat | grep -c '^Accepted publickey '")).map(Number);
    /** How often somebody tried another port than that of SSH, on each. */
    const knocks = async (): Promise<readonly number[]> =>
      (await onEach("nft list chain inet wall input | sed -n 's/.*counter packets \\([0-9]*\\) .*/\\1/p'")).map(Number);
    const records = async (...args: readonly string[]) => {
      const ended = await run("consume", ...args);
      expect(ended.result).toMatchObject({ ok: true, errors: [] });
      return ended.lines.filter(({ type }) => type === "record");
    };
    const replicas = async () => {
      const { result } = await run("topics", "describe", "orders");
      const [topic] = result?.["topics"] as readonly {
        readonly records: number;
        readonly partitions: readonly {
          readonly leader: number;
          readonly replicas: number[];
          readonly isr: number[];
        }[];
      }[];
      return {
        records: topic?.records,
        leaders: sorted(topic?.partitions.map(({ leader }) => leader) ?? []),
        copies: topic?.partitions.map((one) => sorted(one.replicas).join()),
        isr: topic?.partitions.map(({ isr }) => sorted(isr).join()),
      };
    };

    beforeAll(async () => {
      site = await openSite({ hosts: 3 + (wanted.spare ?? 0), yaml: "", servers: [] });
      // What stands in for Burrow needs Node, which no host has.
      site.lab.mirror.serve(dirname(process.execPath));
      const node = "/usr/local/bin/node";
      await hostOf(site, "kafka-2").run(`curl -sSfo ${node} ${site.lab.mirror.url}/node && chmod 755 ${node}`);
      release = await burrowRelease(site.folder, node);
      await writeFile(site.spec, specOf(wanted, release, 1));
      site.place.env["SINK"] = sink;
      await fetched(site.place);
      const up = await run("up", "--yes");
      if (up.exit !== 0) throw new Error(up.out.slice(-4000));
      await onEach(wall);
    }, 300_000);
    afterAll(() => closeSite(site));

    test("a second up changes nothing; all is well, Burrow and the worker too", async () => {
      expect((await run("up")).result).toMatchObject({ ok: true, changed: 0 });
      expect((await run("status")).result).toMatchObject({
        healthy: true,
        nodes: [
          { services: { [keeper]: "running", broker: "running", connect: "running" } },
          { services: { broker: "running", burrow: "running" } },
          { services: { broker: "running" } },
        ],
        brokers: [{ address: "10.77.0.11:9092" }, { address: "10.77.0.12:9092" }, { address: "10.77.0.13:9092" }],
      });
      commands += 1;
      const asked = await kctl(site.place, "ssh", "kafka-2", "--", "curl -s http://127.0.0.1:8000/v3/kafka");
      expect(JSON.parse(asked.out)).toMatchObject({ error: false, clusters: ["staging"] });
    });

    test("records are written by key, in turn and to a partition, and read back", async () => {
      const keyed = await write("a:1\nb:2\na:3\n", "orders", "--key-separator", ":", "--header", "from=ci");
      expect(keyed.result).toMatchObject({ ok: true, records: 3 });
      const turns = await write("x\ny\nz\n", "orders", "--acks", "1");
      expect(turns.result).toMatchObject({ ok: true, records: 3, partitions: [{}, {}, {}] });
      const one = await write("p\nq\n", "orders", "--partition", "1");
      expect(one.result).toMatchObject({ ok: true, records: 2, partitions: [{ partition: 1, records: 2 }] });
      const all = await records("orders");
      const values = all.map(({ value }) => String(value)).toSorted((a, b) => (a < b ? -1 : 1));
      expect(values).toEqual(["1", "2", "3", "p", "q", "x", "y", "z"]);
      const ofA = all.filter(({ key }) => key === "a");
      expect(ofA.map(({ value, headers }) => [value, headers])).toEqual([
        ["1", { from: "ci" }],
        ["3", { from: "ci" }],
      ]);
      expect(new Set(ofA.map(({ partition }) => partition)).size).toBe(1);
      const last = one.result?.["partitions"] as readonly { readonly offset: number }[];
      const from = String((last[0]?.offset ?? 0) - 1);
      expect(await records("orders", "--partition", "1", "--offset", from, "--max", "1")).toMatchObject([
        { partition: 1, offset: Number(from), value: "p" },
      ]);
    });

    test("what comes is followed", async () => {
      commands += 1;
      const { child, ended } = start(site.place, "consume", "orders", "--follow", "--from-beginning");
      let seen = "";
      child.stdout?.on("data", (text: string) => (seen += text));
      await expect.poll(() => seen.split("\n").length, { timeout: 20_000 }).toBe(9);
      expect((await write("late\n", "orders")).result).toMatchObject({ ok: true, records: 1 });
      await expect.poll(() => seen, { timeout: 20_000 }).toMatch(/^late$/m);
      child.kill("SIGINT");
      expect(await ended).toMatchObject({ exit: 130 });
    });

    test("a group reads, lags, and goes on where it is set", async () => {
      expect(await records("orders", "--group", "g", "--max", "4")).toHaveLength(4);
      expect(await records("orders", "--group", "g")).toHaveLength(5);
      expect((await run("lag", "g")).result).toMatchObject({ groups: [{ cluster: "staging", group: "g", lag: 0 }] });
      expect((await write("1\n2\n3\n", "orders")).result).toMatchObject({ records: 3 });
      const over = await run("lag", "--max-lag", "2");
      expect(over).toMatchObject({ exit: 3, result: { over: [{ cluster: "staging", group: "g", lag: 3 }] } });
      const shown = await run("offsets", "reset", "g", "--to", "earliest");
      expect(shown).toMatchObject({ exit: 2, result: { changed: 0 } });
      expect((await run("lag", "g")).result).toMatchObject({ groups: [{ lag: 3 }] });
      const set = await run("offsets", "reset", "g", "--to", "earliest", "--yes");
      expect(set.result).toMatchObject({ ok: true, partitions: [{ new: 0 }, { new: 0 }, { new: 0 }] });
      expect((await run("lag", "g")).result).toMatchObject({ groups: [{ lag: 12 }] });
      expect(await records("orders", "--group", "g")).toHaveLength(12);
    });

    test("topics are listed, and replicas are moved to where the spec wants them", async () => {
      const { result } = await run("topics", "list");
      const ofSpec = (result?.["topics"] as readonly { readonly name: string }[]).filter(
        ({ name }) => !name.startsWith("connect-"),
      );
      expect(ofSpec).toMatchObject([
        { name: "lines", partitions: 1, replicas: 3 },
        { name: "orders", partitions: 3, replicas: 1 },
      ]);
      await writeFile(site.spec, specOf(wanted, release, 3));
      const planned = await run("topics", "plan", "--check");
      expect(planned).toMatchObject({
        exit: 3,
        result: { changes: [{ title: "give topic orders 3 replicas instead of 1" }] },
      });
      expect((await run("topics", "apply")).result).toMatchObject({ ok: true, changed: 1 });
      expect(await replicas()).toEqual({
        records: 12,
        leaders: [1, 2, 3],
        copies: ["1,2,3", "1,2,3", "1,2,3"],
        isr: ["1,2,3", "1,2,3", "1,2,3"],
      });
      expect(await run("topics", "plan", "--check")).toMatchObject({ exit: 0, result: { changes: [] } });
      expect((await run("topics", "apply")).result).toMatchObject({ ok: true, changed: 0 });
      expect(await records("orders")).toHaveLength(12);
    });

    test("connectors are made, and copy a file through a topic", async () => {
      expect((await run("connectors", "plan", "--check")).exit).toBe(3);
      const applied = await run("connectors", "apply");
      expect(applied.result).toMatchObject({ ok: true, errors: [] });
      expect(await run("connectors", "plan", "--check")).toMatchObject({ exit: 0, result: { changes: [] } });
      expect((await run("connectors", "apply")).result).toMatchObject({ ok: true, changed: 0 });
      expect((await run("connectors", "status")).result).toMatchObject({
        ok: true,
        connectors: [
          { name: "in", state: "RUNNING", tasks: [{ state: "RUNNING" }] },
          { name: "out", state: "RUNNING", tasks: [{ state: "RUNNING" }] },
        ],
      });
      const copied = () => hostOf(site, "kafka-1").run(`cat ${sink} 2>/dev/null || true`);
      await expect.poll(copied, { timeout: 30_000 }).toBe(await hostOf(site, "kafka-1").run(`cat ${source}`));
      expect(await records("lines")).not.toEqual([]);
    });

    test("connectors are paused, resumed, restarted and deleted", async () => {
      expect((await run("connectors", "pause", "in")).result).toMatchObject({ ok: true, changed: 1 });
      expect((await run("connectors", "list", "in")).result).toMatchObject({ connectors: [{ state: "PAUSED" }] });
      expect((await run("connectors", "resume", "in")).result).toMatchObject({ ok: true, changed: 1 });
      expect((await run("connectors", "restart", "in")).result).toMatchObject({ ok: true, changed: 1 });
      expect((await run("connectors", "delete", "out", "--yes")).result).toMatchObject({ ok: true, changed: 1 });
      const left = await run("connectors", "list");
      expect(left.result).toMatchObject({ connectors: [{ name: "in", state: "RUNNING" }], missing: ["out"] });
    });

    test("the picture is drawn", async () => {
      const { result } = await run("diagram");
      const svg = String(result?.["svg"]);
      expect(svg).toContain("<title>kafka-2, 10.77.0.12:9092: ");
      expect(svg.match(/<title>orders, partition [0-2]: broker [1-3] leads<\/title>/g)).toHaveLength(3);
    });

    test("each of those took one connection to a machine, and nobody knocked at another port", async () => {
      for (const each of await logins()) expect(each).toBeLessThanOrEqual(commands);
      expect(await knocks()).toEqual([0, 0, 0]);
    });

    test("clients' settings are told without asking a machine; doctor names the rule that keeps clients out, and finds nothing without it", async () => {
      const before = await logins();
      const config = await run("client-config", "--format", "properties");
      expect(config.result).toMatchObject({ bootstrap: ["10.77.0.11:9092", "10.77.0.12:9092", "10.77.0.13:9092"] });
      expect((await run("hosts")).result).toMatchObject({ ok: true, entries: [] });
      const ended = await run("doctor", "--timeout", "1s");
      expect(ended.exit).toBe(1);
      expect(told(ended).map(({ where, node, what, fix }) => [where, node, what, fix])).toEqual(
        hosts.map((node, index) => [
          `10.77.0.1${index + 1}:9092`,
          node,
          "no answer in 1 s where clients of `clients` are sent: the machine is off, or a rule on the way drops it",
          `let TCP from here to port 9092 through: on ${node} itself (nftables, firewalld, ufw), and in the network`,
        ]),
      );
      expect(await logins()).toEqual(before);
      for (const knocked of await knocks()) expect(knocked).toBeGreaterThan(0);
      await onEach("nft delete table inet wall");
      expect((await run("doctor")).result).toMatchObject({ ok: true, listeners: [{ ok: true }] });
      await onEach(wall);
    });

    more?.(() => site);

    test("destroy leaves nothing", async () => {
      expect((await run("destroy", "--yes")).result).toMatchObject({ ok: true, errors: [] });
      await expectUntouched(site);
    });
  });
}
