import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endGroup } from "./cgroups.ts";
import { difference } from "./files.ts";
import type { Host } from "./host.ts";
import { lab, type Ended, type Lab } from "./lab.ts";
import { until } from "./processes.ts";
import { sweep } from "./state.ts";
import { traces } from "./traces.ts";

const strict = ["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=2"];

const ssh = (it: Lab, where: string, command: string): Promise<Ended> => it.run(["ssh", ...strict, where, command]);

function first(it: Lab): Host {
  const [host] = it.hosts;
  if (host === undefined) throw new Error("a lab without hosts");
  return host;
}

describe("two hosts with Java, as root", () => {
  let it: Lab;
  let host: Host;

  beforeAll(async () => {
    it = await lab({ hosts: 2 });
    host = first(it);
  });
  afterAll(() => it.stop());

  test("answer over SSH, known by their keys, and run a real systemd", async () => {
    for (const { name, address } of it.hosts) {
      expect(await ssh(it, `root@${address}`, "hostname; systemctl is-system-running")).toEqual({
        status: 0,
        stdout: `${name}\nrunning\n`,
        stderr: "",
      });
    }
    expect((await ssh(it, "kafka-1", "java -version")).stderr).toContain('openjdk version "17');
    // From one to the other, as servers of a cluster.
    expect(await host.run("bash -c 'head -n 1 </dev/tcp/10.77.0.12/22'")).toContain("SSH-2.0");
  });

  test("a command inside has the lab's keys in its home, unless that home has its own", async () => {
    const home = mkdtempSync(join(tmpdir(), "kctl lab-"));
    const env = { ...process.env, HOME: home };
    const keys = (): Promise<Ended> => it.run(["sh", "-c", "ls ~/.ssh"], { env });
    expect((await keys()).stdout).toContain("id_ed25519");
    expect((await keys()).stdout).toContain("id_ed25519");
    writeFileSync(join(home, ".ssh/config"), "");
    expect((await keys()).stdout).toBe("config\n");
    rmSync(home, { recursive: true });
  });

  test("a reboot and a cut of power leave address and disk", async () => {
    await host.run("echo kept >/root/kept");
    const booted = await host.run("cat /proc/1/stat | cut -d' ' -f22");
    await host.reboot();
    expect(await host.run("cat /proc/1/stat | cut -d' ' -f22")).not.toBe(booted);
    expect((await ssh(it, "kafka-1", "cat kept")).stdout).toBe("kept\n");
    await host.powerOff();
    await expect(host.run("true")).rejects.toThrow("kafka-1 is off");
    expect((await ssh(it, "kafka-1", "true")).status).toBe(255);
    await host.powerOn();
    expect((await ssh(it, "kafka-1", "cat kept")).stdout).toBe("kept\n");
  });

  test("one that is frozen or cut off answers nobody, and then does again", async () => {
    await host.freeze();
    expect((await ssh(it, "kafka-1", "true")).stderr).toMatch(/timed out/iu);
    await host.thaw();
    expect((await ssh(it, "kafka-1", "true")).status).toBe(0);
    await host.cut();
    expect((await ssh(it, "kafka-1", "true")).stderr).toMatch(/timed out/iu);
    // Its cable is in: it sees nothing of it.
    expect(await host.run("cat /sys/class/net/host0/carrier")).toBe("1\n");
    await host.join();
    expect((await ssh(it, "kafka-1", "true")).status).toBe(0);
  });

  test("a slow network is slow in both directions, until it is not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kctl-lab-"));
    writeFileSync(join(folder, "half"), Buffer.alloc(512 * 1024));
    it.mirror.serve(folder);
    const seconds = async (argv: string): Promise<number> =>
      Number(await host.run(`curl -s -o /dev/null -w '%{time_total}' ${argv}`));
    await host.slow(512);
    expect(await seconds(`${it.mirror.url}/half`)).toBeGreaterThan(0.8);
    await host.run("head -c 524288 /dev/zero >/root/half");
    expect(await seconds(`--data-binary @/root/half ${it.mirror.url}/half`)).toBeGreaterThan(0.8);
    await host.slow(null);
    expect(await seconds(`${it.mirror.url}/half`)).toBeLessThan(0.8);
    await host.run("rm /root/half");
    rmSync(folder, { recursive: true });
  });

  test("a full disk is full for everybody, and an immutable file takes nothing", async () => {
    await host.fill();
    expect(await host.run("echo more | dd of=/root/more 2>&1 || true")).toContain("No space left");
    await host.unfill();
    await host.run("rm -f /root/more && echo more >/root/more && rm /root/more");
    await host.run("chattr +i /etc/hosts");
    expect(await host.run("(echo more >>/etc/hosts) 2>&1 || true")).toContain("not permitted");
    await host.run("chattr -i /etc/hosts");
  });

  test("a setting of the kernel is the host's alone, and is not kept over a boot", async () => {
    const path = "/proc/sys/vm/swappiness";
    const before = readFileSync(path, "utf8");
    await host.run("sysctl -q -w vm.swappiness=1");
    expect(await host.run(`cat ${path}`)).toBe("1\n");
    expect(readFileSync(path, "utf8")).toBe(before);
    await host.reboot();
    expect(await host.run(`cat ${path}`)).toBe(before);
  });

  test("files are compared one by one: fresh hosts differ in name and address, a change is named", async () => {
    const [, other] = it.hosts;
    await host.run("rm -f /root/kept");
    const before = await host.files();
    expect(difference((await other?.files()) ?? new Map(), before).map((line) => line.split(": ")[0])).toEqual([
      "/etc/hostname",
      "/etc/hosts",
      "/etc/systemd/network/10-host0.network",
    ]);
    await host.run("chmod 600 /etc/hosts; echo more >>/etc/sysctl.conf; ln -s /etc /srv/link; rm /etc/debian_version");
    expect(difference(before, await host.files())).toEqual([
      expect.stringMatching(/^\/etc\/debian_version: f 0644 0:0 \w{64} -> \(nothing\)$/u),
      expect.stringMatching(/^\/etc\/hosts: f 0644 0:0 (\w{64}) -> f 0600 0:0 \1$/u),
      expect.stringMatching(/^\/etc\/sysctl.conf: f 0644 0:0 (\w{64}) -> f 0644 0:0 (?!\1)\w{64}$/u),
      "/srv/link: (nothing) -> l 0777 0:0 /etc",
    ]);
  });
});

describe("without Java, as admin, behind a jump host", () => {
  let it: Lab;

  beforeAll(async () => {
    it = await lab({ hosts: 1, java: false, login: "admin", jump: true });
  });
  afterAll(() => it.stop());

  test("past the jump host nothing is reached, through it everything", async () => {
    const direct = await it.run(["ssh", ...strict, "-o", "ProxyJump=none", "10.77.0.11", "true"]);
    expect(direct.stderr).toMatch(/timed out/iu);
    expect(await ssh(it, "kafka-1", "id -un; hostname")).toMatchObject({ status: 0, stdout: "admin\nkafka-1\n" });
    expect(await ssh(it, "jump", "hostname")).toMatchObject({ status: 0, stdout: "jump\n" });
  });

  test("admin is root by sudo, and nobody logs in as root", async () => {
    expect(await ssh(it, "kafka-1", "sudo -n id -u")).toMatchObject({ status: 0, stdout: "0\n" });
    expect((await ssh(it, "root@jump", "true")).stderr).toContain("Permission denied");
  });

  test("Java comes from a repository inside, and from nowhere else", async () => {
    expect((await ssh(it, "kafka-1", "java -version")).status).toBe(127);
    const install =
      "sudo apt-get -qq update && sudo DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes openjdk-17-jre-headless";
    expect(await ssh(it, "kafka-1", `${install} >/dev/null && java -version`)).toMatchObject({ status: 0 });
    expect(it.mirror.requests().map(({ path }) => path)).toContain("/apt/Packages.gz");
  });
});

test("with cloud-init, which rewrites /etc/hosts at each boot where it is told to", async () => {
  const it = await lab({ hosts: 1, userData: "#cloud-config\nmanage_etc_hosts: true\n" });
  const host = first(it);
  expect(await host.run("cloud-init status")).toBe("status: done\n");
  await host.run("echo 10.77.0.12 kafka-2 >>/etc/hosts");
  await host.reboot();
  const hosts = await host.run("cat /etc/hosts");
  expect(hosts).toContain("127.0.1.1 kafka-1");
  expect(hosts).not.toContain("kafka-2");
  expect(await ssh(it, "kafka-1", "hostname")).toMatchObject({ status: 0, stdout: "kafka-1\n" });
  await it.stop();
});

describe("the mirror", () => {
  let it: Lab;
  let folder: string;
  const curl = (...args: string[]): Promise<Ended> =>
    it.run(["curl", "--silent", "--show-error", "--max-time", "10", ...args, `${it.mirror.url}/file`]);

  beforeAll(async () => {
    it = await lab({ hosts: 0 });
    folder = mkdtempSync(join(tmpdir(), "kctl-lab-"));
    writeFileSync(join(folder, "file"), "0123456789");
    it.mirror.serve(folder);
  });
  afterAll(async () => {
    await it.stop();
    rmSync(folder, { recursive: true });
  });

  test("serves a file, and a part of it", async () => {
    expect((await curl()).stdout).toBe("0123456789");
    expect((await curl("--range", "3-5")).stdout).toBe("345");
    expect((await curl("--range", "-2")).stdout).toBe("89");
    expect((await curl("--fail", "--range", "10-")).stderr).toContain("416");
    expect(it.mirror.requests().at(-1)).toMatchObject({
      method: "GET",
      path: "/file",
      range: "bytes=10-",
      from: "10.77.0.1",
    });
    const outside = await it.run([
      "curl",
      "-s",
      "--path-as-is",
      "-w",
      "%{http_code}",
      `${it.mirror.url}/../etc/passwd`,
    ]);
    expect(outside.stdout).toBe("404");
  });

  test("misbehaves as told, as often as told", async () => {
    it.mirror.misbehave({ path: "/file", kind: "status", status: 503, times: 1 });
    expect((await curl("--fail")).stderr).toContain("503");
    expect((await curl()).stdout).toBe("0123456789");
    it.mirror.misbehave({ path: "/file", kind: "cut", after: 4 });
    expect(await curl()).toMatchObject({ status: 18, stdout: "0123" });
    it.mirror.misbehave({ path: "/file", kind: "lie" });
    expect((await curl()).stdout).toBe("0123406789");
    it.mirror.misbehave({ path: "/file", kind: "slow", bytesPerSecond: 20 });
    expect(Number((await curl("--output", "/dev/null", "--write-out", "%{time_total}")).stdout)).toBeGreaterThan(0.4);
    it.mirror.misbehave({ path: "/file", kind: "silent" });
    expect((await curl("--max-time", "0.5")).status).toBe(28);
    it.mirror.misbehave();
    expect((await curl()).stdout).toBe("0123456789");
  });
});

describe("what is left of a lab", () => {
  async function owned(): Promise<{ readonly id: string; readonly kill: () => Promise<void> }> {
    const child = spawn(process.execPath, [join(import.meta.dirname, "owner.ts")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return {
      id: line.toString().trim(),
      kill: async () => {
        const gone = once(child, "exit");
        child.kill("SIGKILL");
        await gone;
      },
    };
  }

  test("two side by side do not meet, and one that is stopped leaves nothing, not even of a command in it", async () => {
    const [one, two] = await Promise.all([lab({ hosts: 1 }), lab({ hosts: 1 })]);
    await first(one).run("echo one >/root/which");
    await first(two).run("echo two >/root/which");
    expect((await ssh(one, "10.77.0.11", "cat which")).stdout).toBe("one\n");
    expect((await ssh(two, "10.77.0.11", "cat which")).stdout).toBe("two\n");
    const command = one.run(["sleep", "600"]);
    await first(one).freeze();
    await one.stop();
    expect(traces(one.id)).toEqual([]);
    expect((await command).status).toBeNull();
    expect((await ssh(two, "10.77.0.11", "cat which")).stdout).toBe("two\n");
    await two.stop();
    expect(traces(two.id)).toEqual([]);
  });

  test("nothing, soon after its owner was killed", async () => {
    const { id, kill } = await owned();
    expect(traces(id)).not.toEqual([]);
    await kill();
    await until("the lab has gone", 30, () => traces(id).length === 0);
  });

  test("nothing, after the next sweep, where what watched the owner was killed too", async () => {
    const { id, kill } = await owned();
    await endGroup(`${id}/mirror`);
    await kill();
    expect(traces(id)).not.toEqual([]);
    await sweep();
    expect(traces(id)).toEqual([]);
  });
});

test("by hand: up, hosts, run, host, down", async () => {
  const name = `test-${process.pid}`;
  const env = { ...process.env, KCTL_LAB: name };
  const cli = (...args: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, "cli.ts"), ...args], { env });
  try {
    await cli("up", "--hosts", "1", "--no-java");
    expect((await cli("hosts")).stdout).toContain("root@10.77.0.11");
    await expect(cli("up")).rejects.toThrow("already");
    expect((await cli("run", "ssh", ...strict, "root@10.77.0.11", "hostname")).stdout).toBe("kafka-1\n");
    await expect(cli("run", "sh", "-c", "exit 7")).rejects.toMatchObject({ code: 7 });
    await cli("host", "kafka-1", "poweroff");
    await expect(cli("host", "kafka-1", "run", "true")).rejects.toMatchObject({ stderr: "kafka-1 is off\n" });
    await cli("host", "kafka-1", "poweron");
    expect((await cli("host", "kafka-1", "run", "hostname")).stdout).toBe("kafka-1\n");
  } finally {
    await cli("down");
  }
  expect(traces(name)).toEqual([]);
});
