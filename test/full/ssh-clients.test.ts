/** Clients of a machine over SSH: what they are told, why they cannot connect where only port 22 is open, and what kctl shows all the same. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kctl, type Ended } from "../e2e/kctl.ts";
import { closeSite, hostOf, openSite, type Site } from "../e2e/ssh-site.ts";

const yaml = `name: staging
provider: { type: ssh, user: root, identityFile: ~/.ssh/id_ed25519 }
kafka: { version: 4.3.1 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, rack: east, roles: [controller, broker] }
topics: [{ name: orders, partitions: 2 }]
`;

/** From elsewhere only SSH comes in, as a firewall that drops has it. */
const wall = `nft -f - <<'END'
table inet wall {
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    tcp dport 22 accept
  }
}
END`;

const faults = ({ result }: Ended): readonly unknown[] =>
  ((result?.["errors"] ?? []) as readonly { where: string; node: string; what: string; fix: string }[]).map(
    ({ where, node, what, fix }) => [where, node, what, fix],
  );

describe("one host", { timeout: 420_000 }, () => {
  let site: Site;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args);
  beforeAll(async () => {
    site = await openSite({ hosts: 1, yaml, servers: ["kafka-1/broker", "kafka-1/controller"] });
    const { exit, err } = await run("up");
    if (exit !== 0) throw new Error(err);
  });
  afterAll(() => closeSite(site));

  test("clients that reach it can work", async () => {
    const { exit, result } = await run("doctor", "--json");
    expect(result).toMatchObject({
      errors: [],
      listeners: [
        {
          name: "clients",
          advertise: "address",
          brokers: [{ node: "kafka-1", address: "10.77.0.11:9092", id: 1, ok: true }],
        },
      ],
    });
    expect(exit).toBe(0);
  });

  test("with only port 22 open doctor names the rule, and the picture is drawn through SSH", async () => {
    await hostOf(site, "kafka-1").run(wall);
    const ended = await run("doctor", "--json", "--timeout", "1s");
    expect(ended.exit).toBe(1);
    expect(faults(ended)).toEqual([
      [
        "10.77.0.11:9092",
        "kafka-1",
        "no answer in 1 s where clients of `clients` are sent: the machine is off, or a rule on the way drops it",
        "let TCP from here to port 9092 through: on kafka-1 itself (nftables, firewalld, ufw), and in the network",
      ],
    ]);
    const drawn = await run("diagram");
    expect(drawn.exit).toBe(0);
    expect(drawn.out).toContain("<title>kafka-1, 10.77.0.11:9092: controller 3001, broker 1</title>");
    expect(drawn.out).toContain('class="zone-name"');
    expect(drawn.out.match(/<title>orders, partition [01]: broker 1 leads<\/title>/g)).toHaveLength(2);
    await hostOf(site, "kafka-1").run("nft delete table inet wall");
    expect((await run("doctor", "--json")).exit).toBe(0);
  });

  test("a name that clients are told needs a line in /etc/hosts, which hosts prints", async () => {
    const text = await readFile(site.spec, "utf8");
    await writeFile(site.spec, text.replace("version: 4.3.1", "version: 4.3.1, clients: { advertise: name }"));
    expect((await run("up", "--json")).result).toMatchObject({ ok: true });
    const [[where, node, what, fix] = []] = faults(await run("doctor", "--json")) as readonly (readonly string[])[];
    expect([where, node]).toEqual(["kafka-1:9092", "kafka-1"]);
    expect(what).toMatch(/^brokers tell clients of `clients` the name kafka-1, and this machine does not know it: /);
    expect(fix).toBe(
      "write what `kctl hosts` prints into /etc/hosts here, or let brokers tell an address (`kafka.clients.advertise`)",
    );
    expect(await run("hosts")).toMatchObject({ exit: 0, out: "10.77.0.11\tkafka-1\n" });
  });
});
