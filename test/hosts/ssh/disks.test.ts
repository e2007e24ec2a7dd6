import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { injectFault } from "../../faults/fault.ts";
import { sshHost } from "../../../src/hosts/ssh/ssh-host.ts";
import { faultOf, stagedHost } from "./support/apply-host.ts";
import { isRoot, shells } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const path = "/etc/kctl/server.properties";
const file = { path, mode: 0o640, content: "x".repeat(200_000), member: null };
const again = "then run the same command again: it goes on from here";

/** A disk of its own below a stage's /etc/kctl; it outlives the scripts. */
function disk(type: "tmpfs" | "ext4", options: string): string {
  const at = mkdtempSync(join(tmpdir(), "kctl-disk-"));
  const image = `${at}.img`;
  if (type === "ext4") {
    execFileSync("truncate", ["-s", "8M", image]);
    execFileSync("mkfs.ext4", ["-q", image]);
  }
  execFileSync("mount", type === "tmpfs" ? ["-t", "tmpfs", "-o", options, "none", at] : ["-o", "loop", image, at]);
  onTestFinished(() => {
    execFileSync("umount", [at]);
    rmSync(at, { recursive: true });
    rmSync(image, { force: true });
  });
  return at;
}

const onDisk = (at: string, more = "") => `mkdir -p /etc/kctl && mount --bind ${at} /etc/kctl${more}`;

describe.runIf(isRoot).each(kinds)("in %s", (kind) => {
  for (const [what, options] of [
    ["the disk under a host's files is full", "size=64k"],
    ["the disk under a host's files is out of inodes", "size=4m,nr_inodes=3"],
  ] as const)
    injectFault(47, what, async () => {
      const at = disk("tmpfs", options);
      writeFileSync(join(at, "server.properties"), "before");
      if (options.includes("inodes")) writeFileSync(join(at, "other"), "");
      const before = readdirSync(at);
      const { host } = stagedHost({ kind, setUp: onDisk(at) });
      const fault = await faultOf(host.writeFile(file));
      expect(fault).toMatchObject({
        code: "host-io",
        node: "host-1",
        where: path,
        what: `no space is left to write ${path}`,
        fix: `free some space or inodes (\`df -h\` and \`df -i\` show them), ${again}`,
      });
      expect(fault.detail).toContain("No space left on device");
      expect(readdirSync(at)).toEqual(before);
      expect(readFileSync(join(at, "server.properties"), "utf8")).toBe("before");
      return "host-io says so, with `df`; the file is as it was, and no half of the new one lies there";
    });

  injectFault(47, "the file system under a host's files is read-only", async () => {
    const at = disk("tmpfs", "size=4m");
    const { host } = stagedHost({ kind, setUp: onDisk(at, " && mount -o remount,ro,bind /etc/kctl") });
    for (const [work, doing] of [
      [() => host.writeFile(file), `write ${path}`],
      [() => host.makeFolder({ path: "/etc/kctl/demo", mode: 0o755 }), "make /etc/kctl/demo"],
    ] as const)
      expect((await faultOf(work())).what).toBe(`cannot ${doing}: the file system is read-only`);
    expect(readdirSync(at)).toEqual([]);
    return "host-io says so, and nothing half lies there";
  });

  injectFault(51, "a file of kctl's on a host is immutable", async () => {
    const at = disk("ext4", "");
    const target = join(at, "server.properties");
    writeFileSync(target, "before");
    execFileSync("chattr", ["+i", target]);
    onTestFinished(() => void execFileSync("chattr", ["-i", target]));
    const { host } = stagedHost({ kind, setUp: onDisk(at) });
    for (const work of [() => host.writeFile(file), () => host.removeFile(path)]) {
      const fault = await faultOf(work());
      expect(fault.what).toMatch(/the system does not permit it, not even to root$/);
      expect(fault.fix).toMatch(/^`lsattr` shows whether it is marked as immutable, which `chattr -i` lifts/);
    }
    expect(readdirSync(at).toSorted()).toEqual(["lost+found", "server.properties"]);
    expect(readFileSync(target, "utf8")).toBe("before");
    return "host-io names the file and `chattr -i`; it is as it was";
  });
});

describe.runIf(isRoot).each(kinds)("/etc/hosts, in %s", (kind) => {
  const content = "10.0.0.1 kafka-1\n127.0.0.1 localhost\n";

  test.each([
    ["as it was", "127.0.0.1 localhost\n"],
    ["with CRLF and no last newline", "127.0.0.1 localhost\r\n::1 x"],
    ["empty", ""],
    ["missing", null],
  ])("%s: replaced in one step, with its mode and owner", async (_, former) => {
    const { host, root } = stagedHost({ kind });
    const at = join(root, "/etc/hosts");
    if (former === null) rmSync(at);
    else {
      writeFileSync(at, former);
      execFileSync("sh", ["-c", `chmod 664 ${at}; chown daemon:daemon ${at}`]);
    }
    expect(await host.machine.writeHostsFile({ former, content })).toBe("written");
    expect(readFileSync(at, "utf8")).toBe(content);
    const facts = execFileSync("stat", ["-c", "%a %U", at], { encoding: "utf8" }).trim();
    expect(facts).toBe(former === null ? "644 root" : "664 daemon");
    expect(readdirSync(join(root, "/etc")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("changed since it was looked at: left as it is", async () => {
    const { host, root } = stagedHost({ kind });
    writeFileSync(join(root, "/etc/hosts"), "somebody's\n");
    for (const former of ["before\n", null])
      expect(await host.machine.writeHostsFile({ former, content })).toBe("changed-meanwhile");
    expect(readFileSync(join(root, "/etc/hosts"), "utf8")).toBe("somebody's\n");
    expect(readdirSync(join(root, "/etc")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("two at once: one is told to look again", async () => {
    const { host, root, shell } = stagedHost({ kind });
    const signal = AbortSignal.timeout(30_000);
    const look = () => Promise.reject(new Error("no look"));
    const other = sshHost({ shell, cluster: "other", user: "kctl", fence: () => ":", look, signal });
    const former = readFileSync(join(root, "/etc/hosts"), "utf8");
    const said = await Promise.all([
      host.machine.writeHostsFile({ former, content: `one\n${former}` }),
      other.machine.writeHostsFile({ former, content: `two\n${former}` }),
    ]);
    expect(said.toSorted()).toEqual(["changed-meanwhile", "written"]);
  });

  test("mounted by itself: written in place", async () => {
    const { host, root } = stagedHost({ kind, setUp: "mount --bind /opt/hosts /etc/hosts" });
    writeFileSync(join(root, "/opt/hosts"), "a\n");
    expect(await host.machine.writeHostsFile({ former: "a\n", content })).toBe("written");
    expect(readFileSync(join(root, "/opt/hosts"), "utf8")).toBe(content);
    expect(readdirSync(join(root, "/etc")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  injectFault(51, "/etc/hosts of a host is immutable", async () => {
    const at = disk("ext4", "");
    writeFileSync(join(at, "hosts"), "a\n");
    execFileSync("chattr", ["+i", join(at, "hosts")]);
    onTestFinished(() => void execFileSync("chattr", ["-i", join(at, "hosts")]));
    const { host } = stagedHost({ kind, setUp: `mount --bind ${at} /etc` });
    expect(await faultOf(host.machine.writeHostsFile({ former: "a\n", content }))).toEqual({
      code: "host-io",
      node: "host-1",
      where: "/etc/hosts",
      what: "cannot write /etc/hosts: /etc/hosts is marked as immutable",
      fix: `\`chattr -i /etc/hosts\` on the host lifts that, ${again}`,
    });
    expect(readdirSync(at).toSorted()).toEqual(["hosts", "lost+found"]);
    return "host-io names it, and `chattr -i`; it is as it was";
  });

  test("settings of the kernel: what cannot be set is told", async () => {
    const { host } = stagedHost({
      kind,
      setUp: "mount --bind -o ro /proc/sys/vm /proc/sys/vm && mount -o remount,ro,bind /proc/sys/vm",
    });
    const now = readFileSync("/proc/sys/net/ipv4/tcp_rmem", "utf8").trim().split(/\s+/).join(" ");
    expect(
      await host.machine.setSysctls({ "net.ipv4.tcp_rmem": now, "vm.max_map_count": "262145", "kernel.no_such": "1" }),
    ).toEqual([
      { name: "vm.max_map_count", why: "refused" },
      { name: "kernel.no_such", why: "missing" },
    ]);
  });
});

test.runIf(isRoot)("the stage leaves this machine's own files alone", async () => {
  const { host, root } = stagedHost();
  mkdirSync(join(root, "/etc/kctl"));
  const before = readFileSync("/etc/hosts", "utf8");
  await host.machine.writeHostsFile({ former: readFileSync(join(root, "/etc/hosts"), "utf8"), content: "x\n" });
  expect(readFileSync("/etc/hosts", "utf8")).toBe(before);
});
