/**
 * Versions of software on machines: the last one stays for a rollback, the one before it goes, and what another cluster on the machine
 * runs from is left alone. Releases of ZooKeeper are the same one under other names.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { fetched, kctl, type Ended, type Place } from "./kctl.ts";
import { births, closeSite, expectFresh, hostOf, openSite, restarted, type Site } from "./ssh-site.ts";

const run = promisify(execFile);

const one = (zookeeper: string): string => `name: one
provider: { type: ssh, user: root }
kafka: { version: 3.9.1 }
zookeeper: { version: ${zookeeper} }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [zookeeper] }
  - { name: kafka-2, address: 10.77.0.12, roles: [broker] }
`;
const another = `name: two
provider: { type: ssh, user: root }
kafka: { version: 4.3.1 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [broker] }
  - { name: kafka-2, address: 10.77.0.12, roles: [controller] }
`;

const archiveOf = (version: string): string => `apache-zookeeper-${version}-bin.tar.gz`;

const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"] });
const well = { exit: 0, errors: [] };

describe("two clusters on two hosts, each with software of its own", { timeout: 300_000 }, () => {
  let site: Site;
  let two: Place;
  const archives = (): string => join(site.folder, "cache/archives");
  const software = async (node: string): Promise<string> =>
    (await hostOf(site, node).run("ls -A /opt/kctl | grep -v '^[.]incoming$'")).trim().replaceAll("\n", " ");
  const up = (at: Place): Promise<Ended> => kctl(at, "up", "--file", at.spec, "--yes", "--json");

  /** Puts archives into a cache of the test's own: the shared one's, and the same ZooKeeper under other names. */
  async function fill(): Promise<void> {
    const shared = join(inject("cache"), "archives");
    await mkdir(archives(), { recursive: true });
    for (const file of [archiveOf("3.8.4"), "kafka_2.13-3.9.1.tgz", "kafka_2.13-4.3.1.tgz"])
      for (const more of ["", ".sha512", ".source"])
        await link(join(shared, file + more), join(archives(), file + more)).catch(async () =>
          writeFile(join(archives(), file + more), await readFile(join(shared, file + more))),
        );
    await run("tar", ["xzf", join(shared, archiveOf("3.8.4")), "-C", site.folder]);
    let last = "3.8.4";
    for (const version of ["3.8.5", "3.8.6"]) {
      const [from, to] = [last, version].map((each) => `apache-zookeeper-${each}-bin`) as [string, string];
      await rename(join(site.folder, from), join(site.folder, to));
      const path = join(archives(), archiveOf(version));
      await run("tar", ["-I", "gzip -1", "-cf", path, "-C", site.folder, to]);
      const digest = createHash("sha512").update(await readFile(path));
      await writeFile(`${path}.sha512`, `${digest.digest("hex")}  ${archiveOf(version)}\n`);
      await writeFile(`${path}.source`, "test\n");
      last = version;
    }
  }

  beforeAll(async () => {
    const servers = ["kafka-1/zookeeper", "kafka-2/broker"];
    site = await openSite({ hosts: 2, yaml: one("3.8.4"), servers });
    const spec = join(site.folder, "two.yaml");
    await writeFile(spec, another);
    two = { ...site.place, spec, servers: ["kafka-1/broker", "kafka-2/controller"] };
    await fetched(site.place);
    await fetched(two);
    await fill();
    site.place.env["KCTL_CACHE"] = join(site.folder, "cache");
  });
  afterAll(() => closeSite(site));

  test("each has its own beside the other's, and the next version comes beside the last", async () => {
    expect(outcome(await up(site.place))).toEqual(well);
    expect(outcome(await up(two))).toEqual(well);
    await writeFile(site.spec, one("3.8.5"));
    const before = await births(site);
    expect(outcome(await up(site.place))).toEqual(well);
    expect(restarted(before, await births(site))).toEqual(["kafka-1/zookeeper"]);
    expect(await software("kafka-1")).toBe("kafka-4.3.1 zookeeper-3.8.4 zookeeper-3.8.5");
    expect(await software("kafka-2")).toBe("kafka-3.9.1 kafka-4.3.1");
    expect(await up(site.place)).toMatchObject({ exit: 0, result: { changed: 0 } });
  });

  test("with the third the first goes, as the plan says, and nothing else", async () => {
    await writeFile(site.spec, one("3.8.6"));
    const plan = await kctl(site.place, "plan", "--json");
    const changes = plan.result?.["changes"] as readonly { readonly verb: string; readonly title: string }[];
    const removals = changes.filter(({ verb }) => verb === "remove");
    expect(removals.map(({ title }) => title)).toEqual(["remove zookeeper 3.8.4 on kafka-1"]);
    expect((await kctl(site.place, "plan")).out).toMatch(/^kafka-1$[^]*^ {2}- remove zookeeper 3[.]8[.]4$/m);
    expect(outcome(await up(site.place))).toEqual(well);
    expect(await software("kafka-1")).toBe("kafka-4.3.1 zookeeper-3.8.5 zookeeper-3.8.6");
    expect(await software("kafka-2")).toBe("kafka-3.9.1 kafka-4.3.1");
    expect(await up(site.place)).toMatchObject({ exit: 0, result: { changed: 0 } });
  });

  test("a rollback to the one before takes no archive", async () => {
    for (const version of ["3.8.5", "3.8.6"])
      for (const more of ["", ".sha512", ".source"]) await rm(join(archives(), archiveOf(version) + more));
    await writeFile(site.spec, one("3.8.5"));
    const before = await births(site);
    expect(outcome(await up(site.place))).toEqual(well);
    expect(restarted(before, await births(site))).toEqual(["kafka-1/zookeeper"]);
    const open = "ls -l /proc/$(systemctl show --value -p MainPID kctl-one-zookeeper)/fd";
    const runs = `${open} | grep -o '/opt/kctl/zookeeper-[^/]*' | sort -u`;
    expect(await hostOf(site, "kafka-1").run(runs)).toBe("/opt/kctl/zookeeper-3.8.5\n");
    expect(await software("kafka-1")).toBe("kafka-4.3.1 zookeeper-3.8.5 zookeeper-3.8.6");
    expect(await up(site.place)).toMatchObject({ exit: 0, result: { changed: 0 } });
  });

  test("destroy takes all versions of the one and none of the other", async () => {
    const before = await births(site);
    expect(outcome(await kctl(site.place, "destroy", "--yes", "--json"))).toEqual(well);
    expect([await software("kafka-1"), await software("kafka-2")]).toEqual(["kafka-4.3.1", "kafka-4.3.1"]);
    expect(before).toMatchObject(await births(site));
    expect(outcome(await kctl(two, "destroy", "--file", two.spec, "--yes", "--json"))).toEqual(well);
    await expectFresh(site);
  });
});
