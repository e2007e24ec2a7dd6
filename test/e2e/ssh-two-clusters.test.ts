/**
 * Two clusters on the same two hosts. The roles' ports are the same in both, so the one has its ZooKeeper where the other has its
 * broker: what they share is software, Java, the servers' user, and /etc/hosts.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kctl, type Ended, type Place } from "./kctl.ts";
import { births, closeSite, expectFresh, hostOf, openSite, type Site } from "./ssh-site.ts";

const yaml = (name: string, first: string, second: string): string => `name: ${name}
provider: { type: ssh, user: root }
kafka: { version: 3.9.1 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [${first}] }
  - { name: kafka-2, address: 10.77.0.12, roles: [${second}] }
`;

const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"] });

describe("two clusters on two hosts", { timeout: 420_000 }, () => {
  let site: Site;
  let other: Place;
  const onEach = (command: string): Promise<readonly string[]> =>
    Promise.all(site.lab.hosts.map((host) => host.run(command)));

  beforeAll(async () => {
    const servers = ["kafka-1/zookeeper", "kafka-2/broker"];
    site = await openSite({ hosts: 2, java: false, yaml: yaml("one", "zookeeper", "broker"), servers });
    const spec = join(site.folder, "two.yaml");
    await writeFile(spec, yaml("two", "broker", "zookeeper"));
    other = { ...site.place, spec, servers: ["kafka-1/broker", "kafka-2/zookeeper"] };
  });
  afterAll(() => closeSite(site));

  const two = (command: string, ...args: readonly string[]): Promise<Ended> =>
    kctl(other, command, "--file", other.spec, "--json", ...args);

  test("each is made beside the other, with a block of its own in /etc/hosts", async () => {
    expect(outcome(await kctl(site.place, "up", "--json"))).toEqual({ exit: 0, errors: [] });
    const before = await births(site);
    expect(outcome(await two("up"))).toEqual({ exit: 0, errors: [] });
    const after = await births(site);
    expect(after).toMatchObject(before);
    expect(Object.keys(after)).toEqual(["kafka-1/broker", "kafka-1/zookeeper", "kafka-2/broker", "kafka-2/zookeeper"]);
    for (const text of await onEach("cat /etc/hosts")) {
      expect(text.match(/^# [<>]{3} kctl .*$/gmu)?.toSorted()).toEqual([
        "# <<< kctl one",
        "# <<< kctl two",
        "# >>> kctl one",
        "# >>> kctl two",
      ]);
      expect(text).toContain("10.77.0.12\tkafka-2 kafka-2.one\n");
      expect(text).toContain("10.77.0.12\tkafka-2 kafka-2.two\n");
    }
    // What the second one set of the kernels is in the first one's receipt as well, from now on.
    expect(await kctl(site.place, "up", "--json")).toMatchObject({ exit: 0, result: { changed: 1 } });
    expect(await kctl(site.place, "up", "--json")).toMatchObject({ exit: 0, result: { changed: 0 } });
    expect(await two("up")).toMatchObject({ exit: 0, result: { changed: 0 } });
  });

  test("destroy of one leaves the other as it is", async () => {
    const before = await births(site);
    expect(outcome(await kctl(site.place, "destroy", "--yes", "--json"))).toEqual({ exit: 0, errors: [] });
    const after = await births(site);
    expect(Object.keys(after)).toEqual(["kafka-1/broker", "kafka-2/zookeeper"]);
    expect(before).toMatchObject(after);
    const left = await onEach(
      "grep '^# [<>]' /etc/hosts; ls /opt/kctl /etc/kctl; id -un kctl; /etc/kctl/two/java/bin/java -version 2>&1",
    );
    for (const text of left)
      expect(text).toMatch(
        /^# >>> kctl two\n# <<< kctl two\n\/etc\/kctl:\ntwo\n\n\/opt\/kctl:\nkafka-3\.9\.1\nkctl\nopenjdk version "17/u,
      );
    expect(await two("up")).toMatchObject({ exit: 0, result: { changed: 0 } });
    expect(await two("status")).toMatchObject({ exit: 0, result: { healthy: true } });
  });

  test("stop and destroy do their work where they can while a machine is off, and name it", async () => {
    await hostOf(site, "kafka-1").powerOff();
    for (const command of ["stop", "destroy"])
      expect(outcome(await two(command, "--yes"))).toEqual({
        exit: 1,
        errors: [expect.objectContaining({ code: "ssh-unreachable", node: "kafka-1" })],
      });
    const files = hostOf(site, "kafka-2").run(
      "ls -d /etc/kctl /opt/kctl /var/lib/kctl 2>/dev/null; id -un kctl 2>&1 || true",
    );
    expect(await files).toBe("id: ‘kctl’: no such user\n");
    await hostOf(site, "kafka-1").powerOn();
  });

  test("destroy of the last one leaves the hosts as they were", async () => {
    expect(outcome(await two("destroy", "--yes"))).toEqual({ exit: 0, errors: [] });
    await expectFresh(site);
  });
});
