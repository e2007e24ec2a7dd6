/** KRaft as `admin` with sudo, through a jump host: of the machines nothing but SSH can be reached, and that only from there. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kctl, type Ended } from "../e2e/kctl.ts";
import { changesOf } from "../e2e/law.ts";
import {
  births,
  closeSite,
  expectFresh,
  hostOf,
  openSite,
  restarted,
  untilHealthy,
  type Site,
} from "../e2e/ssh-site.ts";

const hosts = ["kafka-1", "kafka-2", "kafka-3"];
const servers = hosts.flatMap((host) => [`${host}/broker`, `${host}/controller`]);

const yaml = `name: prod
provider: { type: ssh, user: admin, identityFile: ~/.ssh/id_ed25519, jump: admin@10.77.0.10 }
kafka: { version: 4.3.1 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [controller, broker] }
  - { name: kafka-2, address: 10.77.0.12, roles: [controller, broker] }
  - { name: kafka-3, address: 10.77.0.13, roles: [controller, broker] }
`;

const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"], changed: result?.["changed"] });

describe("three hosts behind a jump host", { timeout: 420_000 }, () => {
  let site: Site;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args);

  beforeAll(async () => {
    site = await openSite({ hosts: 3, java: false, login: "admin", jump: true, yaml, servers });
  });
  afterAll(() => closeSite(site));

  test("up makes the cluster, and a smoke test passes", async () => {
    expect(outcome(await run("up", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(Object.keys(await births(site))).toEqual(servers);
    expect(outcome(await run("smoke-test", "--json"))).toMatchObject({ exit: 0, errors: [] });
    // From here no broker can be reached but through SSH.
    const direct = await site.lab.run(["timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/10.77.0.11/9092"]);
    expect(direct.status).toBe(124);
  });

  test("a second up changes nothing", async () => {
    const before = await births(site);
    expect(outcome(await run("up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
    expect(await births(site)).toEqual(before);
  });

  test("exec is root's, ssh is the login's", async () => {
    const all = await run("exec", "--", "whoami");
    expect(all.out.split("\n").filter(Boolean).toSorted()).toEqual(hosts.map((host) => `${host} | root`));
    expect(await run("ssh", "kafka-2", "--", "hostname; whoami")).toMatchObject({ exit: 0, out: "kafka-2\nadmin\n" });
  });

  test("a setting is rolled, one server at a time", async () => {
    const before = await births(site);
    const text = await readFile(site.spec, "utf8");
    await writeFile(site.spec, text.replace("version: 4.3.1", "version: 4.3.1, config: { queued.max.requests: 400 }"));
    const rolled = await run("up", "--json");
    expect(outcome(rolled)).toMatchObject({ exit: 0, errors: [] });
    const after = await births(site);
    expect(Object.keys(after)).toEqual(servers);
    expect(restarted(before, after)).toEqual(servers);
    expect(changesOf(await run("plan", "--json"))).toEqual([]);
  });

  test("a host that reboots is back with its servers, and the cluster is whole by itself", async () => {
    const before = await births(site);
    await hostOf(site, "kafka-3").reboot();
    await untilHealthy(site, 60);
    expect(restarted(before, await births(site))).toEqual(["kafka-3/broker", "kafka-3/controller"]);
    expect(changesOf(await run("plan", "--json"))).toEqual([]);
  });

  test("power lost on all three, and one up", async () => {
    await Promise.all(site.lab.hosts.map((host) => host.powerOff()));
    await Promise.all(site.lab.hosts.map((host) => host.powerOn()));
    expect(outcome(await run("up", "--json"))).toMatchObject({ exit: 0, errors: [] });
    await untilHealthy(site, 60);
    expect(Object.keys(await births(site))).toEqual(servers);
  });

  test("destroy leaves each host as it was, file by file", async () => {
    expect(outcome(await run("destroy", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    await expectFresh(site);
  });
});
