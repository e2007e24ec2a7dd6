/** What clusters share on a machine, removed by one of them while another one is there, as its script finds it. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stagedHost } from "./support/apply-host.ts";
import { isRoot } from "./support/apply-shell.ts";

const kafka = "/opt/kctl/kafka-3.9.1";
const zookeeper = "/opt/kctl/zookeeper-3.8.4";

describe.skipIf(!isRoot)("software", () => {
  function installed() {
    const on = stagedHost();
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
