/** Every command for those who use a cluster, with KRaft, through port 22 alone; and what brokers may tell that kctl alone can follow. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kctl, type Ended, type Place } from "../e2e/kctl.ts";
import { clientsOverSsh, told, wall } from "../e2e/ssh-clients.ts";
import { hostOf, type Site } from "../e2e/ssh-site.ts";

const yaml = `name: other
provider: { type: ssh, user: root, identityFile: ~/.ssh/id_ed25519 }
kafka: { version: 4.3.1, heap: 512MiB, clients: { advertise: name }, config: { group.initial.rebalance.delay.ms: 0 } }
nodes:
  - { name: kafka-1, address: 10.77.0.14, roles: [controller, broker] }
topics: [{ name: theirs, partitions: 1 }]
`;

const knocks = "nft list chain inet wall input | sed -n 's/.*counter packets \\([0-9]*\\) .*/\\1/p'";

clientsOverSsh({ version: "4.3.1", keeper: "controller", spare: 1 }, (site) => {
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site().place, ...args, "--json");
  const read = async (...args: readonly string[]): Promise<number> => {
    const ended = await run("consume", "orders", ...args);
    expect(ended.result).toMatchObject({ ok: true, errors: [] });
    return Number(ended.result?.["records"]);
  };
  const specify = async (change: (text: string) => string): Promise<void> =>
    writeFile(site().spec, change(await readFile(site().spec, "utf8")));
  const named = "clients: { advertise: name }, heap: 512MiB";
  const tried = (it: Site): Promise<readonly string[]> =>
    Promise.all(["kafka-1", "kafka-2", "kafka-3"].map((host) => hostOf(it, host).run(knocks)));

  test("brokers tell names that this machine does not know: hosts prints them, and kctl goes through SSH", async () => {
    await specify((text) => text.replace("heap: 512MiB", named));
    expect((await run("up", "--yes")).result).toMatchObject({ ok: true, errors: [] });
    const before = await tried(site());
    const [first] = told(await run("doctor", "--timeout", "1s"));
    expect(first).toMatchObject({ where: "kafka-1:9092", node: "kafka-1" });
    expect(first?.what).toMatch(
      /^brokers tell clients of `clients` the name kafka-1, and this machine does not know it: /,
    );
    expect(first?.fix).toBe(
      "write what `kctl hosts` prints into /etc/hosts here, or let brokers tell an address (`kafka.clients.advertise`)",
    );
    expect(await kctl(site().place, "hosts")).toMatchObject({
      exit: 0,
      out: "10.77.0.11\tkafka-1\n10.77.0.12\tkafka-2\n10.77.0.13\tkafka-3\n",
    });
    expect(await read()).toBe(12);
    expect(await read("--group", "named")).toBe(12);
    expect((await run("lag", "named")).result).toMatchObject({ ok: true, groups: [{ lag: 0 }] });
    // What the spec says by now, and no broker yet.
    await specify((text) => text.replace(named, "heap: 512MiB"));
    expect(await read()).toBe(12);
    await specify((text) => text.replace("heap: 512MiB", named));
    expect(await tried(site())).toEqual(before);
  });

  test("a machine that the spec has no more is still the way to its broker", async () => {
    const whole = await readFile(site().spec, "utf8");
    const before = await tried(site());
    await writeFile(
      site().spec,
      whole.replace(/^ {2}- \{ name: kafka-3.*\n/m, "").replace(/^topics:\n( {2}- .*\n)+/m, ""),
    );
    expect(await read()).toBe(12);
    expect((await run("lag", "named")).result).toMatchObject({ ok: true, groups: [{ lag: 0 }] });
    await writeFile(site().spec, whole);
    expect(await tried(site())).toEqual(before);
  });

  test("two clusters have a machine of the same name, and each tells of its own groups", async () => {
    const spec = join(site().folder, "other.yaml");
    await writeFile(spec, yaml);
    const other: Place = { ...site().place, spec };
    const there = (...args: readonly string[]): Promise<Ended> => kctl(other, ...args, "-f", spec, "--json");
    expect((await there("up", "--yes")).result).toMatchObject({ ok: true, errors: [] });
    await hostOf(site(), "kafka-4").run(wall);
    expect((await kctl({ ...other, input: "a\nb\n" }, "produce", "theirs", "-f", spec, "--json")).exit).toBe(0);
    expect((await there("consume", "theirs", "--group", "ours", "--max", "1")).result).toMatchObject({ records: 1 });
    const { result } = await run("lag", "-f", site().spec, "-f", spec);
    const groups = result?.["groups"] as readonly {
      readonly cluster: string;
      readonly group: string;
      readonly lag: number;
    }[];
    expect(groups.map(({ cluster, group, lag }) => [cluster, group, lag])).toEqual(
      expect.arrayContaining([
        ["staging", "named", 0],
        ["other", "ours", 1],
      ]),
    );
    expect(groups.filter(({ cluster }) => cluster === "other")).toHaveLength(1);
    expect((await there("destroy", "--yes")).result).toMatchObject({ ok: true });
  });
});
