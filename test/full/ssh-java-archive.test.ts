/** Machines without Java, whose distribution gives none: a JRE comes from the mirror in an archive, is shared, and goes with the last cluster. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { realJava } from "../artifacts/jre.ts";
import { fetched, kctl, type Ended, type Place } from "../e2e/kctl.ts";
import { births, closeSite, expectFresh, hostOf, openSite, type Site } from "../e2e/ssh-site.ts";
import { hasLab } from "../lab/base.ts";

const run = promisify(execFile);

const yaml = (name: string, first: string, second: string): string => `name: ${name}
provider: { type: ssh, user: root }
artifacts: { mirror: "http://10.77.0.1:8080/" }
kafka: { version: 3.9.1 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [${first}] }
  - { name: kafka-2, address: 10.77.0.12, roles: [${second}] }
`;

const jre = `temurin-17-jre-linux-${process.arch === "arm64" ? "aarch64" : "x64"}.tar.gz`;
const modules = "java.se,jdk.unsupported,jdk.management,jdk.management.agent,jdk.crypto.ec,jdk.net,jdk.zipfs";
const sources = "/etc/apt/sources.list.d /etc/apt/sources.list";

const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"] });
const well = { exit: 0, errors: [] };

describe.runIf(hasLab())("two hosts", { timeout: 420_000 }, () => {
  let site: Site;
  let two: Place;
  const onEach = (command: string): Promise<readonly string[]> =>
    Promise.all(site.lab.hosts.map((host) => host.run(command)));

  /** A JRE made of this machine's JDK, and Kafka: flat, with digests. */
  async function fill(folder: string): Promise<void> {
    await mkdir(folder);
    for (const more of ["", ".sha512"])
      await copyFile(
        join(inject("cache"), `archives/kafka_2.13-3.9.1.tgz${more}`),
        join(folder, `kafka_2.13-3.9.1.tgz${more}`),
      );
    const { home } = await realJava();
    const made = join(site.folder, "jdk-17-jre");
    const options = ["--strip-java-debug-attributes", "--no-header-files", "--no-man-pages"];
    await run(join(home, "bin/jlink"), ["--add-modules", modules, ...options, "--output", made]);
    await run("tar", ["-I", "gzip -1", "-cf", join(folder, jre), "-C", site.folder, "jdk-17-jre"]);
    const digest = createHash("sha512").update(await readFile(join(folder, jre)));
    await writeFile(join(folder, `${jre}.sha512`), `${digest.digest("hex")}  ${jre}\n`);
  }

  beforeAll(async () => {
    const servers = ["kafka-1/zookeeper", "kafka-2/broker"];
    site = await openSite({ hosts: 2, java: false, yaml: yaml("one", "zookeeper", "broker"), servers });
    const here = join(site.folder, "here.yaml");
    await writeFile(here, yaml("one", "zookeeper", "broker").replace(/^artifacts.*\n/m, ""));
    await fetched({ ...site.place, spec: here });
    await fill(join(site.folder, "mirror"));
    site.lab.mirror.serve(join(site.folder, "mirror"));
    site.place.env["KCTL_CACHE"] = join(site.folder, "cache");
    const spec = join(site.folder, "two.yaml");
    await writeFile(spec, yaml("two", "broker", "zookeeper"));
    two = { ...site.place, spec, servers: ["kafka-1/broker", "kafka-2/zookeeper"] };
    // The one has no repository, the other one that does not answer.
    await onEach(`mkdir /root/apt && for each in ${sources}; do [ ! -e $each ] || cp -a $each /root/apt; done`);
    await hostOf(site, "kafka-1").run(`rm -rf ${sources}`);
    await hostOf(site, "kafka-2").run(
      `find ${sources} -type f 2>/dev/null | xargs sed -i 's|http://10[.]77[.]0[.]1:8080|http://10.77.0.1:9|'`,
    );
  });
  afterAll(() => closeSite(site));

  test("servers run on a JRE that each host had from the mirror, and a second up changes nothing", async () => {
    const up = await kctl(site.place, "up", "--json");
    expect(outcome(up)).toEqual(well);
    expect(Object.keys(await births(site))).toEqual(site.place.servers);
    expect(await onEach("readlink /etc/kctl/one/java; ls /opt/kctl; ls /opt/kctl/.incoming")).toEqual(
      Array.from({ length: 2 }, () => "/opt/kctl/java-17\njava-17\nkafka-3.9.1\n"),
    );
    expect(await onEach("readlink /proc/$(pgrep -o -u kctl java)/exe")).toEqual(
      Array.from({ length: 2 }, () => "/opt/kctl/java-17/bin/java\n"),
    );
    const askers = site.lab.mirror.requests().flatMap(({ path, from }) => (path.endsWith(jre) ? from : []));
    for (const host of ["10.77.0.11", "10.77.0.12"]) expect(askers).toContain(host);
    expect(await kctl(site.place, "up", "--json")).toMatchObject({ exit: 0, result: { changed: 0 } });
    expect(await kctl(site.place, "plan", "--check", "--json")).toMatchObject({ exit: 0 });
  });

  test("another cluster on the hosts uses it, keeps it, and takes it along", async () => {
    const before = site.lab.mirror.requests().length;
    expect(outcome(await kctl(two, "up", "--file", two.spec, "--json"))).toEqual(well);
    const later = site.lab.mirror.requests().slice(before);
    expect(later.filter(({ path }) => path.includes("temurin"))).toEqual([]);
    expect(outcome(await kctl(site.place, "destroy", "--yes", "--json"))).toEqual(well);
    expect(await onEach("/etc/kctl/two/java/bin/java -version 2>&1 | grep -c version; ls /opt/kctl")).toEqual(
      Array.from({ length: 2 }, () => "1\njava-17\nkafka-3.9.1\n"),
    );
    expect(await kctl(two, "up", "--file", two.spec, "--json")).toMatchObject({ exit: 0, result: { changed: 0 } });
    expect(outcome(await kctl(two, "destroy", "--file", two.spec, "--yes", "--json"))).toEqual(well);
    await onEach("cp -a /root/apt/. /etc/apt/ && rm -r /root/apt");
    await expectFresh(site);
  });
});
