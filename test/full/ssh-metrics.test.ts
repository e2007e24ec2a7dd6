/** Metrics on machines: ports that are taken, who answers where, units as hardened as without, and nothing left of the exporter. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { hasLab } from "../lab/base.ts";
import { fetched, kctl, type Ended } from "../e2e/kctl.ts";
import { births, closeSite, expectFresh, hostOf, openSite, restarted, type Site } from "../e2e/ssh-site.ts";

const hosts = ["kafka-1", "kafka-2", "kafka-3"] as const;
const servers = [...hosts.flatMap((host) => [`${host}/broker`, `${host}/zookeeper`]), "kafka-1/connect"].toSorted();
/** Of each role, and a metric that it alone tells. */
const told = {
  "7070": "zookeeper_znodes ",
  "7071": "kafka_broker_leaders ",
  "7073": "kafka_connect_worker_connectors ",
} as const;

const specOf = (metrics: string): string => `name: staging
provider: { type: ssh, user: root }
kafka: { version: 3.9.1, heap: 512MiB }
zookeeper: { version: 3.8.4, heap: 256MiB }
connect: { heap: 256MiB }
${metrics}
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [zookeeper, broker, connect] }
  - { name: kafka-2, address: 10.77.0.12, roles: [zookeeper, broker] }
  - { name: kafka-3, address: 10.77.0.13, roles: [zookeeper, broker] }
`;

type Fault = { readonly code: string; readonly node: string; readonly what: string; readonly fix: string };

describe.runIf(hasLab())("three machines", { timeout: 300_000 }, () => {
  let site: Site;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args, "--json");
  const on = (node: string, script: string): Promise<string> => hostOf(site, node).run(script);
  const everywhere = async (script: string): Promise<string> =>
    (await Promise.all(hosts.map((host) => on(host, script)))).join("");
  const targets = async (): Promise<readonly string[]> => {
    const { result } = await run("metrics");
    const [file] = result?.["files"] as readonly { readonly path: string; readonly content: string }[];
    const config = parse(file?.content ?? "") as {
      readonly scrape_configs: readonly { readonly static_configs: readonly { readonly targets: [string] }[] }[];
    };
    return config.scrape_configs.flatMap((job) => job.static_configs.flatMap(({ targets: [target] }) => target));
  };
  /** The addresses that answer with what is theirs. */
  const answering = (texts: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(texts).flatMap(([address, text]) => {
      const its = told[address.slice(-4) as keyof typeof told];
      return text.includes(`\n${its}`) && text.includes("\njvm_memory_used_bytes{") ? [address] : [];
    });

  beforeAll(async () => {
    site = await openSite({ hosts: 3, yaml: specOf("metrics: true"), servers });
    await fetched(site.place);
  }, 300_000);
  afterAll(() => closeSite(site));

  test.each(["check", "plan"])("%s tells of a port that somebody holds", async (command) => {
    await on("kafka-2", "systemd-run --quiet --unit=stranger systemd-socket-activate --listen=7071 /bin/cat");
    await expect.poll(() => on("kafka-2", "ss -Hltn sport = :7071")).toContain(":7071");
    const { exit, result } = await run(command);
    await on("kafka-2", "systemctl stop stranger");
    const errors = (result?.["errors"] ?? []) as readonly Fault[];
    expect({ exit, errors }).toMatchObject({ exit: 1, errors: [{ node: "kafka-2" }] });
    expect(errors[0]?.what).toMatch(/^port 7071, kafka-2\/broker's metrics port, is held by process \d+ \(/);
    await expectFresh(site);
  });

  test("up has every server tell its metrics, from units as hardened as without; a second up changes nothing", async () => {
    expect((await run("up", "--yes")).result).toMatchObject({ ok: true, errors: [] });
    expect(Object.keys(await births(site))).toEqual(servers);
    expect((await run("up")).result).toMatchObject({ ok: true, changed: 0 });
    const levels = await on(
      "kafka-1",
      "for role in zookeeper broker connect; do systemd-analyze security kctl-staging-$role.service --no-pager | tail -1; done",
    );
    const scores = [...levels.matchAll(/: ([0-9.]+) /g)].map(([, score]) => Number(score));
    expect(scores).toHaveLength(3);
    expect(Math.max(...scores)).toBeLessThanOrEqual(1.5);
    // What the exporter itself complains of stands among what its server says.
    const said = await everywhere(
      "journalctl -o cat -u 'kctl-staging-*' | grep -E '^(WARNING|SEVERE)|io\\.prometheus' || true",
    );
    expect(said).toBe("");
  });

  test("who can reach a machine is answered where the scrape file says: its neighbours, and others", async () => {
    const addresses = await targets();
    expect(addresses.toSorted()).toEqual(
      [...hosts.flatMap((_, n) => [`10.77.0.1${n + 1}:7070`, `10.77.0.1${n + 1}:7071`]), "10.77.0.11:7073"].toSorted(),
    );
    const byCurl = (address: string): readonly string[] => [
      "curl",
      "-sS",
      "--max-time",
      "20",
      `http://${address}/metrics`,
    ];
    const outside = addresses.map(async (address) => [address, (await site.lab.run(byCurl(address))).stdout] as const);
    expect(answering(Object.fromEntries(await Promise.all(outside)))).toEqual(addresses);
    const beside = addresses.map(async (address) => [address, await on("kafka-3", byCurl(address).join(" "))] as const);
    expect(answering(Object.fromEntries(await Promise.all(beside)))).toEqual(addresses);
    // On all of a machine's addresses, as brokers listen too.
    expect(await everywhere("ss -Hltn 'sport >= :7070 and sport <= :7073' | awk '{print $4}' | sort")).toBe(
      "*:7070\n*:7071\n*:7073\n*:7070\n*:7071\n*:7070\n*:7071\n",
    );
  });

  test("without metrics in the spec they end by a roll, and nobody listens any more", async () => {
    const before = await births(site);
    await writeFile(site.spec, specOf(""));
    expect((await run("up", "--yes")).result).toMatchObject({ ok: true, errors: [] });
    expect(restarted(before, await births(site))).toEqual(servers);
    expect((await run("up")).result).toMatchObject({ ok: true, changed: 0 });
    expect(await everywhere("ss -Hltn 'sport >= :7070 and sport <= :7073'")).toBe("");
    expect(await everywhere("cat /etc/kctl/staging/*/jvm.args | grep javaagent || true")).toBe("");
  });

  test("a stopped cluster starts with them, and destroy leaves nothing", async () => {
    expect((await run("stop", "--yes")).result).toMatchObject({ ok: true });
    await writeFile(site.spec, specOf("metrics: true"));
    expect((await run("up", "--yes")).result).toMatchObject({ ok: true, errors: [] });
    expect(await on("kafka-2", "curl -sS http://10.77.0.11:7071/metrics")).toContain("\nkafka_broker_leaders ");
    expect((await run("destroy", "--yes")).result).toMatchObject({ ok: true });
    await expectFresh(site);
  });
});
