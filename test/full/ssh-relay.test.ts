/** Machines behind a slow link have their software from each other, as systemd and a shell on one of them serve it. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kctl } from "../e2e/kctl.ts";
import { closeSite, expectFresh, openSite, type Site } from "../e2e/ssh-site.ts";

const run = promisify(execFile);

const names = ["kafka-1", "kafka-2", "kafka-3"];
const yaml = `name: demo
provider: { type: ssh, user: root }
kafka: { version: 4.3.1 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [controller, broker] }
  - { name: kafka-2, address: 10.77.0.12, roles: [broker] }
  - { name: kafka-3, address: 10.77.0.13, roles: [broker] }
`;

let site: Site;

beforeAll(async () => {
  const servers = ["kafka-1/controller", ...names.map((name) => `${name}/broker`)];
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

test("one machine is sent the software, and the others fetch it from there", async () => {
  const up = await kctl(site.place, "up", "--json");
  expect({ exit: up.exit, errors: up.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  const fetched = [...up.out.matchAll(/kafka-\d: it fetches it from ([^\s"]+)/g)].map(([, url]) => url);
  expect(fetched).toHaveLength(2);
  expect(fetched[0]).toMatch(/^http:\/\/10\.77\.0\.1[123]:909[23]\/$/);
  expect(fetched[1]).toBe(fetched[0]);
  const left = await Promise.all(
    site.lab.hosts.map((host) =>
      host.run(
        "ls -A /opt/kctl/.incoming; ls /run/systemd/system /run | grep share; systemctl list-units --all --plain --no-legend 'kctl-*share*'; true",
      ),
    ),
  );
  expect(left).toEqual(["", "", ""]);
  const again = await kctl(site.place, "up", "--json");
  expect({ exit: again.exit, changed: again.result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
});

test("and destroy leaves nothing", async () => {
  expect(await kctl(site.place, "destroy", "--yes", "--json")).toMatchObject({ exit: 0 });
  await expectFresh(site);
});
