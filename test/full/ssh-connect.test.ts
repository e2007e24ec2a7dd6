/** Kafka Connect on machines, of which nothing but port 22 is reached: units, plugins, secrets beside each worker, and nothing left. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasLab } from "../lab/base.ts";
import { fetched, kctl, type Ended } from "../e2e/kctl.ts";
import { closeSite, expectFresh, hostOf, openSite, type Site } from "../e2e/ssh-site.ts";

const yaml = `name: staging
provider: { type: ssh, user: root }
kafka: { version: 4.3.1 }
connect: { plugins: [{ maven: "org.apache.kafka:connect-file:4.3.1" }] }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [controller, broker, connect] }
  - { name: kafka-2, address: 10.77.0.12, roles: [connect] }
connectors:
  - { name: in, class: FileStreamSource, config: { file: /etc/os-release, topic: lines } }
  - { name: out, class: FileStreamSink, config: { file: { secret: { env: SINK } }, topics: lines } }
`;
const servers = ["kafka-1/broker", "kafka-1/connect", "kafka-1/controller", "kafka-2/connect"];
const sink = "/var/lib/kctl/staging/connect/secret-place.txt";

describe.runIf(hasLab())("two machines", { timeout: 300_000 }, () => {
  let site: Site;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args, "--json");
  const on = (node: string, script: string): Promise<string> => hostOf(site, node).run(script);

  beforeAll(async () => {
    site = await openSite({ hosts: 2, yaml, servers });
    site.place.env["SINK"] = sink;
    await fetched(site.place);
  }, 300_000);
  afterAll(() => closeSite(site));

  test("up makes workers of them, in units as hardened as the others'", async () => {
    expect((await run("up", "--yes")).result).toMatchObject({ ok: true, errors: [] });
    expect((await run("up")).result).toMatchObject({ ok: true, changed: 0 });
    const level = await on("kafka-2", "systemd-analyze security kctl-staging-connect.service --no-pager | tail -1");
    expect(Number(/: ([0-9.]+) /.exec(level)?.[1])).toBeLessThanOrEqual(1.5);
  });

  test("connectors run, and the secret lies on each machine for nobody else", async () => {
    const applied = await run("connectors", "apply");
    expect(applied.result).toMatchObject({ ok: true, changed: 4 });
    expect(applied.out + applied.err).not.toContain("secret-place");
    for (const node of ["kafka-1", "kafka-2"])
      expect(await on(node, "stat -c '%a %U' /var/lib/kctl/staging/connect/secrets/out.properties")).toBe("600 kctl\n");
    const both = () => Promise.all(["kafka-1", "kafka-2"].map((node) => on(node, `cat ${sink} 2>/dev/null || true`)));
    await expect.poll(async () => (await both()).join(""), { timeout: 30_000 }).toContain("Debian");
    expect((await run("connectors", "plan", "--check")).exit).toBe(0);
    expect((await run("connectors", "status")).exit).toBe(0);
    const everywhere = await on("kafka-1", "grep -rl secret-place /etc/kctl /var/log/kctl /var/lib/kctl || true");
    expect(everywhere.split("\n").filter((path) => path !== "" && path !== sink)).toEqual([
      "/var/lib/kctl/staging/connect/secrets/out.properties",
    ]);
  });

  test("destroy leaves the machines as they were", async () => {
    expect((await run("destroy", "--yes")).result).toMatchObject({ ok: true });
    await expectFresh(site);
  });
});
