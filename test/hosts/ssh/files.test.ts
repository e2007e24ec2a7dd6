import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { injectFault } from "../../faults/fault.ts";
import { removeTree } from "../../../src/hosts/ssh/remove-tree.ts";
import { scriptOf } from "../../../src/hosts/ssh/script.ts";
import { faultOf, stagedHost } from "./support/apply-host.ts";
import { isRoot, shells } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const servers = { user: "kctl", group: "kctl" };
const folder = "/etc/kctl/demo/broker";
const path = `${folder}/server.properties`;
const file = (content: string, mode = 0o640) => ({
  path,
  mode,
  content,
  owner: { user: "root", group: "kctl" },
  member: null,
});
const mode = (at: string) => (lstatSync(at).mode & 0o7777).toString(8);

describe.runIf(isRoot).each(kinds)("in %s", (kind) => {
  for (const busyboxTools of kind === "busybox" ? [false, true] : [false])
    test(`a user, folders, files and a link in one script${busyboxTools ? ", with busybox's tools" : ""}`, async () => {
      const { host, root, scripts } = stagedHost({ kind, busyboxTools });
      const text = "a=1\n$(touch /oops) `id` 'quoted' \\ \u00fc\n\n";
      const all = await Promise.all([
        host.machine.makeUser(),
        host.makeFolder({ path: folder, mode: 0o750, owner: { user: "root", group: "kctl" } }),
        host.makeFolder({ path: "/var/lib/kctl/demo/broker", mode: 0o750, owner: servers }),
        host.writeFile(file(text)),
        host.writeFile({ ...file("", 0o600), path: "/var/lib/kctl/demo/broker/empty", owner: servers }),
        host.writeFile({ ...file("#!/bin/sh\n", 0o755), path: "/etc/systemd/system/kctl-demo.service" }),
        host.machine.writeLink("/etc/kctl/demo/java", "/usr/lib/jvm/a"),
        host.tail(path, 1000),
      ]);
      expect(all[0]).toBe(true);
      expect(all[7]).toBe("");
      // Questions go beside the changes.
      expect(scripts).toHaveLength(2);
      expect(readFileSync(join(root, path), "utf8")).toBe(text);
      expect([mode(join(root, path)), mode(join(root, folder)), mode(join(root, "/etc/kctl/demo"))]).toEqual([
        "640",
        "750",
        "755",
      ]);
      expect(mode(join(root, "/etc/systemd/system/kctl-demo.service"))).toBe("755");
      const empty = lstatSync(join(root, "/var/lib/kctl/demo/broker/empty"));
      expect([empty.size, empty.mode & 0o777, empty.uid]).toEqual([
        0,
        0o600,
        lstatSync(join(root, "/var/lib/kctl/demo/broker")).uid,
      ]);
      expect(empty.uid).not.toBe(0);
      expect(readdirSync(join(root, folder))).toEqual(["server.properties"]);
      expect(existsSync("/oops")).toBe(false);

      await host.writeFile(file("b=2\n"));
      await host.machine.writeLink("/etc/kctl/demo/java", "/usr/lib/jvm/b");
      expect(readFileSync(join(root, path), "utf8")).toBe("b=2\n");
      expect(readlinkSync(join(root, "/etc/kctl/demo/java"))).toBe("/usr/lib/jvm/b");
      expect(await host.machine.makeUser()).toBe(false);
      expect(await host.tail(path, 1000)).toBe("b=2\n");
      await Promise.all([host.removeFile(path), host.removeFile("/etc/kctl/none/such")]);
      expect(readdirSync(join(root, folder))).toEqual([]);
      await Promise.all([
        host.removeTree("/etc/kctl/demo"),
        host.removeTree("/var/lib/kctl/demo"),
        host.machine.removeIfEmpty(["/etc/kctl", "/var/lib/kctl", "/var/log/kctl"]),
        host.machine.removeUser(),
      ]);
      expect(existsSync(join(root, "/etc/kctl")) || existsSync(join(root, "/var/lib/kctl"))).toBe(false);
      expect(readFileSync(join(root, "/etc/passwd"), "utf8")).not.toMatch(/^kctl:/m);
      expect(readFileSync(join(root, "/etc/group"), "utf8")).not.toMatch(/^kctl:/m);
    });

  test("a folder's mode and owner are put right, a set-group-id bit too", async () => {
    const { host, root } = stagedHost({ kind });
    mkdirSync(join(root, "/etc/kctl/demo"), { recursive: true });
    execFileSync("chmod", ["2777", join(root, "/etc/kctl/demo")]);
    await host.makeFolder({ path: "/etc/kctl/demo", mode: 0o750 });
    expect(mode(join(root, "/etc/kctl/demo"))).toBe("750");
  });

  test("one that fails does not stop the others", async () => {
    const { host, root, scripts } = stagedHost({ kind });
    mkdirSync(join(root, "/etc/kctl/demo/a"), { recursive: true });
    const [first, second, third] = await Promise.allSettled([
      host.writeFile({ ...file("x"), owner: { user: "root", group: "root" }, path: "/etc/kctl/demo/a/one" }),
      host.writeFile({ ...file("x"), owner: { user: "root", group: "root" }, path: "/etc/kctl/demo/none/two" }),
      host.writeFile({ ...file("x"), owner: { user: "root", group: "root" }, path: "/etc/kctl/demo/a/three" }),
    ]);
    expect([first?.status, second?.status, third?.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(scripts).toHaveLength(1);
    expect(readdirSync(join(root, "/etc/kctl/demo/a")).toSorted()).toEqual(["one", "three"]);
  });

  for (const planted of ["/etc/kctl", "/etc/kctl/demo", "/etc/kctl/demo/broker"])
    injectFault(56, `a symbolic link is planted at ${planted}`, async () => {
      const { host, root } = stagedHost({ kind });
      mkdirSync(join(root, planted, ".."), { recursive: true });
      mkdirSync(join(root, "/opt/victim/demo/broker"), { recursive: true });
      mkdirSync(join(root, "/opt/victim/broker"), { recursive: true });
      writeFileSync(join(root, "/opt/victim/server.properties"), "precious");
      symlinkSync("/opt/victim", join(root, planted));
      const before = readdirSync(join(root, "/opt/victim"), { recursive: true });
      const works = [
        () => host.makeFolder({ path: folder, mode: 0o700 }),
        () => host.writeFile({ ...file("x"), owner: { user: "root", group: "root" } }),
        () => host.removeFile(path),
        ...(planted === folder ? [] : [() => host.removeTree(folder)]),
      ];
      for (const work of works)
        expect(await faultOf(work())).toEqual({
          code: "host-io",
          node: "host-1",
          where: planted,
          what: `${planted} is a symbolic link, where kctl needs a folder`,
          fix: "move it away, then run the same command again; kctl neither writes through it nor deletes it",
        });
      if (planted === folder) await host.removeTree(folder);
      expect(readdirSync(join(root, "/opt/victim"), { recursive: true })).toEqual(before);
      expect(readFileSync(join(root, "/opt/victim/server.properties"), "utf8")).toBe("precious");
      return "refused, and the link is named; nothing is written, made or removed through it";
    });

  test.each([
    ["a symbolic link", (at: string) => symlinkSync("/opt/victim", at)],
    ["a folder", (at: string) => mkdirSync(at)],
    ["a named pipe", (at: string) => execFileSync("mkfifo", [at])],
  ])("%s in place of a file is said, and left as it is", async (what, plant) => {
    const { host, root } = stagedHost({ kind });
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "/opt/victim"), "precious");
    plant(join(root, path));
    for (const work of [() => host.writeFile(file("x")), () => host.removeFile(path)])
      expect((await faultOf(work())).what).toBe(`${path} is ${what}, where kctl needs a file`);
    expect(await host.tail(path, 10)).toBe("");
    expect(readFileSync(join(root, "/opt/victim"), "utf8")).toBe("precious");
    expect(readdirSync(join(root, folder))).toEqual(["server.properties"]);
  });

  test("a folder of somebody else's is refused", async () => {
    const { host, root } = stagedHost({ kind });
    mkdirSync(join(root, folder), { recursive: true });
    execFileSync("chown", ["daemon", join(root, "/etc/kctl/demo")]);
    expect((await faultOf(host.makeFolder({ path: folder, mode: 0o700 }))).what).toBe(
      "/etc/kctl/demo belongs to daemon: kctl works only in folders of root and of the servers' user",
    );
  });

  test("what a killed script left is swept up, and a link in its place is not written through", async () => {
    const { host, root } = stagedHost({ kind });
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "/opt/victim"), "precious");
    symlinkSync("/opt/victim", join(root, folder, ".server.properties.kctl-new"));
    await host.writeFile({ ...file("x"), owner: { user: "root", group: "root" } });
    expect(readdirSync(join(root, folder))).toEqual(["server.properties"]);
    expect(readFileSync(join(root, "/opt/victim"), "utf8")).toBe("precious");
  });

  test("the end of a log begins with a whole line", async () => {
    const { host, root } = stagedHost({ kind });
    writeFileSync(join(root, "/var/log/x"), "one\ntwo\nthree\n");
    expect(await Promise.all([10, 14, 100].map((bytes) => host.tail("/var/log/x", bytes)))).toEqual([
      "three\n",
      "one\ntwo\nthree\n",
      "one\ntwo\nthree\n",
    ]);
  });

  test("a disk mounted in a tree is emptied and stays mounted", async () => {
    const { root, shell } = stagedHost({
      kind,
      setUp: [
        `mkdir -p "/var/lib/kctl/demo/broker/my disk" /var/lib/kctl/demo/other`,
        `mount -t tmpfs none "/var/lib/kctl/demo/broker/my disk"`,
        `mkdir "/var/lib/kctl/demo/broker/my disk/topic-0"`,
        `ln -s /opt "/var/lib/kctl/demo/broker/my disk/.link"`,
        `mount --bind "$STAGE/var/lib/kctl/demo/broker" /usr/local/sbin`,
      ].join("\n"),
    });
    writeFileSync(join(root, "/opt/precious"), "");
    mkdirSync(join(root, "/var/lib/kctl/demo/.hidden/x"), { recursive: true });
    const script = scriptOf([removeTree("/var/lib/kctl/demo")], { fence: ":", user: "kctl", token: "t" });
    // What is left of the disk is told by the script itself: its namespace ends with it.
    const looking = script.replace("exit 0\n}", `ls -A "/var/lib/kctl/demo/broker/my disk"\nexit 0\n}`);
    const { stdout } = await shell.run(looking, { signal: AbortSignal.timeout(10_000) });
    expect(stdout).toBe("\nt 0 err 0\n\nt 0 end\n");
    expect(readdirSync(join(root, "/var/lib/kctl/demo"))).toEqual(["broker"]);
    expect(readdirSync(join(root, "/var/lib/kctl/demo/broker"))).toEqual(["my disk"]);
    expect(existsSync(join(root, "/opt/precious"))).toBe(true);
  });
});

test.runIf(isRoot)("nothing outside of kctl's places is touched", async () => {
  const { host, scripts } = stagedHost();
  for (const outside of [
    "/etc/passwd",
    "/etc/kctl/../passwd",
    "/etc/kctl/",
    "/etc/kctl2/x",
    "/etc/systemd/system/a/b",
    "x",
    "/var/lib/kctl/a\0b",
  ])
    for (const work of [
      host.removeTree(outside),
      host.removeFile(outside),
      host.writeFile({ ...file("x"), path: outside }),
    ])
      expect((await faultOf(work)).what).toMatch(/is not where kctl changes anything/);
  expect((await faultOf(host.removeTree("/etc/kctl"))).what).toMatch(/belongs to every cluster/);
  expect(scripts).toEqual([]);
  expect(statSync("/etc/passwd").isFile()).toBe(true);
});
