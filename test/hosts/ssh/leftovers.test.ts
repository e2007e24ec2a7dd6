/** What transfers that were cut off left: seen, and removed, but never what somebody still works with. */
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { look } from "../../../src/hosts/ssh/look.ts";
import type { DesiredHost } from "../../../src/services/desired.ts";
import { stagedHost } from "./support/apply-host.ts";
import { isRoot, shells } from "./support/apply-shell.ts";

const incoming = "/opt/kctl/.incoming";
const sockets = "/run/systemd/system";
const desired: DesiredHost = {
  node: "kafka-1",
  folders: [],
  files: [],
  processes: [],
  storedIds: [],
  storage: [],
  machine: {
    user: "daemon",
    software: [],
    java: { link: "/etc/kctl/demo/java", unpacked: "/opt/kctl/java-17", least: 11, best: 17, most: null, home: null },
    hosts: { cluster: "demo", entries: [] },
    sysctl: {},
    units: [],
    volume: null,
  },
};

describe.skipIf(!isRoot).each(Object.keys(shells) as (keyof typeof shells)[])("%s", (kind) => {
  function host() {
    const on = stagedHost({ kind, programs: { systemctl: ":" } });
    const put = (path: string): void => {
      mkdirSync(join(on.root, path, ".."), { recursive: true });
      writeFileSync(join(on.root, path), "");
    };
    const { signal } = new AbortController();
    const seen = async () => (await look(on.shell, desired, signal)).machine?.leftovers;
    const there = (folder = incoming) => readdirSync(join(on.root, folder)).toSorted();
    return { ...on, put, seen, there };
  }

  test("all that lies there is left over, and goes; what is not named stays", async () => {
    const on = host();
    expect(await on.seen()).toEqual([]);
    const names = ["abc.keep", "abc.part", "abc.pid", "abc.shared", "kafka-3.9.1.999999999", "x.former.999999999"];
    for (const name of names) on.put(`${incoming}/${name}`);
    mkdirSync(join(on.root, incoming, "a b.999999998"));
    expect(await on.seen()).toEqual(["a b.999999998", ...names].toSorted());
    await on.host.machine.removeLeftovers(names.filter((name) => name !== "abc.part"));
    expect(on.there()).toEqual(["a b.999999998", "abc.part"]);
    await on.host.machine.removeLeftovers(["a b.999999998", "abc.part"]);
    expect(on.there()).toEqual([]);
    expect(await on.seen()).toEqual([]);
    await on.host.machine.removeLeftovers(["none"]);
  });

  test("what a process has open, or is named after, stays", async () => {
    const on = host();
    on.put(`${incoming}/abc.part`);
    on.put(`${incoming}/kafka-3.9.1.${process.pid}`);
    // The machine's own fetch of it: a path as it is seen in there.
    const running = on.shell.run(`exec 7<${incoming}/abc.part; echo open; sleep 3`, {
      signal: AbortSignal.timeout(30_000),
      onStdout: () => opened.resolve(),
    });
    const opened = Promise.withResolvers<void>();
    await opened.promise;
    expect(await on.seen()).toEqual([]);
    await on.host.machine.removeLeftovers(["abc.part", `kafka-3.9.1.${process.pid}`]);
    expect(on.there()).toEqual(["abc.part", `kafka-3.9.1.${process.pid}`]);
    await running;
    expect(await on.seen()).toEqual(["abc.part"]);
  });

  test("nothing goes while another cluster's kctl is at work there, and all once its lease has ended", async () => {
    const on = host();
    on.put(`${incoming}/abc.part`);
    on.put("/etc/kctl/other/receipt.json");
    on.put("/var/lib/kctl/.locks/demo");
    on.put("/var/lib/kctl/.locks/other");
    expect(await on.seen()).toEqual([]);
    // Its own way to share an archive is this cluster's alone, and may hold a server's port.
    const socket = "kctl-demo-share-0123abcd.socket";
    on.put(`${sockets}/${socket}`);
    expect(await on.seen()).toEqual([socket]);
    await on.host.machine.removeLeftovers([socket]);
    expect(await on.seen()).toEqual([]);
    await on.host.machine.removeLeftovers(["abc.part"]);
    await on.host.machine.removeSoftware([]);
    const ago = Date.now() / 1000 - 70;
    utimesSync(join(on.root, "/var/lib/kctl/.locks/other"), ago, ago);
    expect(await on.seen()).toEqual(["abc.part"]);
    await on.host.machine.removeLeftovers(["abc.part"]);
    expect(on.there()).toEqual([]);
  });

  test("where others could have an archive from this host, that is ended too, and no other cluster's", async () => {
    const on = host();
    for (const cluster of ["demo", "demo-share-x", "other"]) on.put(`${sockets}/kctl-${cluster}-share-0123abcd.socket`);
    expect(await on.seen()).toEqual(["kctl-demo-share-0123abcd.socket"]);
    await on.host.machine.removeLeftovers(["kctl-demo-share-0123abcd.socket"]);
    expect(on.there(sockets)).toEqual(["kctl-demo-share-x-share-0123abcd.socket", "kctl-other-share-0123abcd.socket"]);
  });

  test("a destroy beside another cluster takes them along", async () => {
    const on = host();
    on.put(`${incoming}/abc.part`);
    on.put("/etc/kctl/other/receipt.json");
    await on.host.machine.removeSoftware([]);
    expect(on.there()).toEqual([]);
    rmSync(join(on.root, "/etc/kctl/other"), { recursive: true });
    await on.host.machine.removeSoftware([]);
    expect(existsSync(join(on.root, incoming))).toBe(false);
  });
});
