/** Machines behind a slow link have their software from each other, as systemd and a shell on one of them serve it. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kctl, start } from "../e2e/kctl.ts";
import { closeSite, expectFresh, openSite, type Site } from "../e2e/ssh-site.ts";

const run = promisify(execFile);

const names = ["kafka-1", "kafka-2", "kafka-3"];
const yaml = `name: demo
provider: { type: ssh, user: root }
kafka: { version: 3.9.1 }
zookeeper: { version: 3.8.4 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [zookeeper, broker] }
  - { name: kafka-2, address: 10.77.0.12, roles: [zookeeper, broker] }
  - { name: kafka-3, address: 10.77.0.13, roles: [zookeeper, broker] }
`;

let site: Site;

beforeAll(async () => {
  const servers = ["broker", "zookeeper"].flatMap((role) => names.map((name) => `${name}/${role}`));
  site = await openSite({ hosts: 3, yaml, servers });
  // All that goes from here to port 22 of all hosts shares 3 MB/s.
  const rules = join(site.folder, "slow.nft");
  await writeFile(
    rules,
    "table inet slow { chain output { type filter hook output priority filter; oif != lo tcp dport 22 limit rate over 3000 kbytes/second burst 128 kbytes drop; }; }\n",
  );
  const [program, ...args] = site.lab.inside(["nft", "-f", rules]);
  await run(program, args);
});
afterAll(() => closeSite(site));

const onEach = (command: string): Promise<readonly string[]> =>
  Promise.all(site.lab.hosts.map((host) => host.run(command)));
const traces =
  "ls -A /opt/kctl/.incoming; ls /run/systemd/system /run | grep share; systemctl list-units --all --plain --no-legend 'kctl-*share*'; true";

/** `up`, killed once it has said this. */
async function killedAt(said: string): Promise<void> {
  const { child, ended } = start(site.place, "up", "--json");
  let text = "";
  const heard = new Promise<void>((resolve) => {
    child.stdout?.on("data", (chunk: string) => {
      text += chunk;
      if (text.includes(said)) resolve();
    });
  });
  await Promise.race([heard, ended]);
  child.kill("SIGKILL");
  expect((await ended).signal).toBe("SIGKILL");
}

test("kctl killed meanwhile, twice: the next `up` takes away what it left, and `destroy` leaves nothing", async () => {
  await killedAt("the way from here is slow");
  expect((await onEach("ls /opt/kctl/.incoming")).join("")).toMatch(/^[0-9a-f]+\.keep$/m);
  await killedAt("it fetches it from");
  expect((await onEach(traces)).join("")).toMatch(/^kctl-demo-share-[0-9a-f]{8}\.socket$/m);
  expect(await kctl(site.place, "up", "--json")).toMatchObject({ exit: 0, result: { errors: [] } });
  expect(await onEach(traces)).toEqual(["", "", ""]);
  expect(await kctl(site.place, "up", "--json")).toMatchObject({ exit: 0, result: { changed: 0 } });
  expect(await kctl(site.place, "destroy", "--yes", "--json")).toMatchObject({ exit: 0 });
  await expectFresh(site);
});

test("one machine is sent the software, and the others fetch it from there", async () => {
  const up = await kctl(site.place, "up", "--json");
  expect({ exit: up.exit, errors: up.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  const fetched = [...up.out.matchAll(/kafka-\d: it fetches it from ([^\s"]+)/g)].map(([, url]) => url);
  expect(fetched).toHaveLength(2);
  expect(fetched[0]).toMatch(/^http:\/\/10\.77\.0\.1[123]:909[12]\/$/);
  expect(fetched[1]).toBe(fetched[0]);
  // ZooKeeper starts while Kafka is still under way, on ports that nobody else took.
  const restarts = "systemctl show --property NRestarts --value kctl-demo-zookeeper";
  expect(await Promise.all(site.lab.hosts.map((host) => host.run(restarts)))).toEqual(["0\n", "0\n", "0\n"]);
  expect(await onEach(traces)).toEqual(["", "", ""]);
  const again = await kctl(site.place, "up", "--json");
  expect({ exit: again.exit, changed: again.result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
});

test("and destroy leaves nothing", async () => {
  expect(await kctl(site.place, "destroy", "--yes", "--json")).toMatchObject({ exit: 0 });
  await expectFresh(site);
});
