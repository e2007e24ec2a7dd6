/** What instances are given at their first boot (src/ec2/user-data.ts), carried out by real cloud-init and systemd on a host of the lab. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ttlFile, userData } from "../../src/ec2/user-data.ts";
import type { Host } from "./host.ts";
import { lab, type Lab } from "./lab.ts";
import { until } from "./processes.ts";

const template = readFileSync(new URL("../../templates/cloud-config.yaml", import.meta.url), "utf8");
const endsAt = Math.floor(Date.now() / 1000) + 240 * 60;
let folder: string;
let it: Lab;
let host: Host;
let keys: { readonly private: string; readonly public: string };

const moment = async (): Promise<number> => Number(await host.run(`cat ${ttlFile}`));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kctl-user-data-"));
  const file = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "kctl", "-f", file]);
  keys = { private: readFileSync(file, "utf8"), public: readFileSync(`${file}.pub`, "utf8").trim() };
  const text = userData(template, {
    hostname: "node-7",
    hostKey: keys,
    endsAt,
    prefetch: [{ url: "http://127.0.0.1:1/none", path: "/opt/kctl/.incoming/a.part", sha512: "a".repeat(128) }],
  });
  it = await lab({ hosts: 1, userData: text });
  const [first] = it.hosts;
  if (first === undefined) throw new Error("a lab without hosts");
  host = first;
  await host.run("cloud-init status --wait");
});
afterAll(async () => {
  await it.stop();
  rmSync(folder, { recursive: true });
});

test("cloud-init finds nothing wrong with it", async () => {
  await host.run("cp /var/lib/cloud/instance/user-data.txt /tmp/it && cloud-init schema --config-file /tmp/it");
  expect(await host.run("cloud-init status")).toBe("status: done\n");
});

test("the host has its name, and /etc/hosts is as it was", async () => {
  expect(await host.run("hostname")).toBe("node-7\n");
  expect(await host.run("cat /etc/hosts")).not.toContain("node-7");
});

test("it shows the host key that it was given, to somebody who knows no other", async () => {
  const known = join(folder, "known_hosts");
  writeFileSync(known, `${host.address} ${keys.public}\n`);
  const options = [
    `UserKnownHostsFile=${known}`,
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
  ];
  const words = options.flatMap((option) => ["-o", option]);
  expect(await it.run(["ssh", ...words, host.address, "hostname"])).toMatchObject({ status: 0, stdout: "node-7\n" });
  expect(await host.run("ls /etc/ssh | grep '^ssh_host_.*_key$'")).toBe("ssh_host_ed25519_key\n");
  expect(await host.run("stat -c %a /etc/ssh/ssh_host_ed25519_key")).toBe("600\n");
});

test("a download that did not come leaves nothing behind", async () => {
  await until("the download is given up", 30, async () => {
    const state = await host.run("systemctl show --property ActiveState --value kctl-prefetch.service");
    return state.trim() === "inactive" || state.trim() === "failed";
  });
  expect(await host.run("ls -A /opt/kctl/.incoming")).toBe("");
});

test("its end is set from the first boot on, holds over a reboot, and comes once it is written to be now", async () => {
  expect(await moment()).toBe(endsAt);
  await host.reboot();
  expect(await host.run("systemctl is-active kctl-ttl.timer")).toBe("active\n");
  await host.run("systemctl start kctl-ttl.service");
  expect(await moment()).toBe(endsAt);
  await host.run(`echo $(($(date +%s) - 1)) >${ttlFile} && systemctl start --no-block kctl-ttl.service`);
  await until("the host ends itself", 60, async () =>
    host.run("true").then(
      () => false,
      () => true,
    ),
  );
});
