/** What clusters share on a machine, removed by one of them while another one is there, as its script finds it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { stagedHost } from "./support/apply-host.ts";
import { isRoot } from "./support/apply-shell.ts";

// Versions that no server of this machine runs from, those of other tests included.
const kafka = "/opt/kctl/kafka-0.1.1";
const zookeeper = "/opt/kctl/zookeeper-0.1.1";

describe.skipIf(!isRoot)("software", () => {
  function installed(programs: Readonly<Record<string, string>> = {}) {
    const on = stagedHost({ programs });
    const path = (name: string): string => join(on.root, name);
    for (const folder of [kafka, zookeeper, "/opt/kctl/.incoming", "/etc/kctl/demo"])
      mkdirSync(path(folder), { recursive: true });
    // This cluster's own receipt keeps nothing.
    writeFileSync(path("/etc/kctl/demo/receipt.json"), JSON.stringify({ software: [kafka, zookeeper] }));
    return { ...on, path };
  }

  test("goes where no other cluster is", async () => {
    const { host, path } = installed();
    await host.machine.removeSoftware([kafka, zookeeper]);
    expect([kafka, zookeeper, "/opt/kctl/.incoming"].filter((each) => existsSync(path(each)))).toEqual([]);
  });

  test("of which a removal was cut off is not taken for whole", async () => {
    // It ends at the first tree that it comes to.
    const { host, path } = installed({ rm: 'case $1 in -rf) exit 1 ;; esac; exec /bin/rm "$@"' });
    for (const folder of [kafka, zookeeper]) writeFileSync(path(`${folder}/.kctl`), `${"0".repeat(128)}\n`);
    await expect(host.machine.removeOldSoftware(kafka)).rejects.toThrow(kafka);
    await expect(host.machine.removeSoftware([zookeeper])).rejects.toThrow(zookeeper);
    expect([kafka, zookeeper].map((folder) => [existsSync(path(folder)), existsSync(path(`${folder}/.kctl`))])).toEqual(
      [
        [true, false],
        [true, false],
      ],
    );
  });

  test("of a former version goes, but not while a process runs from it, nor where another names it", async () => {
    const { host, path } = installed();
    const child = spawn("/bin/sh", ["-c", "echo started; read -r line", "sh", `${kafka}/libs/*`]);
    onTestFinished(() => void child.kill());
    await once(child.stdout, "data");
    expect(await host.machine.removeOldSoftware(kafka)).toBe(false);
    expect(await host.machine.removeOldSoftware(zookeeper)).toBe(true);
    expect([kafka, zookeeper].filter((each) => existsSync(path(each)))).toEqual([kafka]);
    child.stdin.end("\n");
    await once(child, "exit");
    mkdirSync(path("/etc/kctl/other"));
    writeFileSync(path("/etc/kctl/other/receipt.json"), JSON.stringify({ software: [kafka] }, null, 2));
    expect(await host.machine.removeOldSoftware(kafka)).toBe(false);
    rmSync(path("/etc/kctl/other"), { recursive: true });
    expect(await host.machine.removeOldSoftware(kafka)).toBe(true);
    expect(await host.machine.removeOldSoftware(kafka)).toBe(true);
    expect(existsSync(path(kafka))).toBe(false);
  });

  test("stays where another names it, and what is on its way where another is at all", async () => {
    const { host, path } = installed();
    mkdirSync(path("/etc/kctl/other"));
    writeFileSync(path("/etc/kctl/other/receipt.json"), JSON.stringify({ software: [kafka] }, null, 2));
    await host.machine.removeSoftware([kafka, zookeeper]);
    expect([kafka, zookeeper, "/opt/kctl/.incoming"].filter((each) => existsSync(path(each)))).toEqual([
      kafka,
      "/opt/kctl/.incoming",
    ]);
  });
});
