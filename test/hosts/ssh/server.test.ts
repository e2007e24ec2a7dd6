import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { linuxProcesses } from "../../../src/hosts/local/linux-processes.ts";
import type { DesiredProcess } from "../../../src/services/desired.ts";
import { firstThreadOver } from "../first-thread-over.ts";
import { faultOf, stagedHost } from "./support/apply-host.ts";
import { isRoot, shells } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const signal = () => AbortSignal.timeout(30_000);

/** Starts a real process, and knows as much of it as the scripts ask of systemd; the lab's hosts have a real one. */
const systemctl = `
echo "$*" >>/opt/said
case "$*" in
  *NeedDaemonReload*) echo "MainPID=$(cat /opt/pid 2>/dev/null || echo 0)"
    echo "ConditionTimestampMonotonic=$(cat /opt/tried)"
    if [ -e /opt/pid ]; then echo ActiveState=active; else echo "ActiveState=$(cat /opt/state)"; fi
    echo SubState=x; echo NeedDaemonReload=yes ;;
  *MainPID*) cat /opt/pid 2>/dev/null || echo 0 ;;
  is-system-running) cat /opt/system ;;
  start*) [ ! -e /opt/refuses ] || exit 1
    [ -e /opt/dies ] || { setsid /bin/sh /opt/server /etc/kctl/demo/broker/jvm.args --config-dir=/etc/kctl/demo/burrow -Dkctl.inputs=abc </dev/null >/dev/null 2>&1 & echo $! >/opt/forked
      # As systemd tells of it: once it is the server itself.
      until tr '\\0' ' ' <"/proc/$!/cmdline" | grep -q '^/bin/sh /opt/server'; do :; done
      mv /opt/forked /opt/pid; } ;;
esac
exit $?`;

const desired: DesiredProcess = {
  key: "host-1/broker",
  node: "host-1",
  role: "broker",
  argv: ["/bin/sh"],
  programFrom: "java",
  env: {},
  folder: "/",
  mark: "/etc/kctl/demo/broker/jvm.args",
  inputs: "abc",
  console: "/var/log/kctl/demo/broker/console.log",
  log: "/var/log/kctl/demo/broker/server.log",
  pidFile: "/run/kctl/demo/broker/pid",
  ports: {},
  probe: { kind: "kafka", address: "host-1", port: 9092, brokerId: 1 },
  stopSeconds: 30,
};

function serving(kind: keyof typeof shells, server = "trap 'exit 0' TERM; while :; do sleep 0.1; done") {
  const on = stagedHost({ kind, programs: { systemctl } });
  writeFileSync(join(on.root, "/opt/server"), server);
  writeFileSync(join(on.root, "/opt/state"), "failed\n");
  writeFileSync(join(on.root, "/opt/tried"), "0\n");
  writeFileSync(join(on.root, "/opt/system"), "degraded\n");
  onTestFinished(() => {
    const pid = existsSync(join(on.root, "/opt/pid")) ? Number(readFileSync(join(on.root, "/opt/pid"), "utf8")) : 0;
    try {
      if (pid > 0) process.kill(pid, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  });
  return on;
}

const said = (root: string) => readFileSync(join(root, "/opt/said"), "utf8").trim().split("\n");

describe.runIf(isRoot).each(kinds)("in %s", (kind) => {
  test("a server that is known by an option", async () => {
    const { host, root } = serving(kind);
    const { pid } = await host.start({ ...desired, mark: "--config-dir=/etc/kctl/demo/burrow" });
    expect(pid).toBe(Number(readFileSync(join(root, "/opt/pid"), "utf8")));
  });

  test("a server is started once, told as /proc tells it, and stopped", async () => {
    const { host, root } = serving(kind);
    const running = await host.start(desired);
    expect(running).toEqual({
      pid: Number(readFileSync(join(root, "/opt/pid"), "utf8")),
      birth: await linuxProcesses().birthOf(running.pid),
      inputs: "abc",
      program: "/bin/sh",
    });
    const name = "kctl-demo-broker.service";
    const orders = said(root).filter((line) => !line.startsWith("show"));
    expect(orders).toEqual(["daemon-reload", `start ${name}`]);
    expect(await host.start(desired)).toEqual(running);
    expect(said(root).filter((line) => line.startsWith("start"))).toHaveLength(1);

    const later = { ...running, birth: `${running.birth}1` };
    expect(await host.isAlive(later)).toBe(false);
    await host.stop(later, 0, signal());
    expect(await host.isAlive(running)).toBe(true);
    await host.stop(running, 30, signal());
    expect(await host.isAlive(running)).toBe(false);
    await host.stop(running, 30, signal());
  });

  test("starts that systemd has counted do not keep it from another", async () => {
    const { host, root } = serving(kind);
    writeFileSync(join(root, "/opt/tried"), "4711\n");
    await host.start(desired);
    const name = "kctl-demo-broker.service";
    expect(said(root).filter((line) => !line.startsWith("show"))).toEqual([
      "daemon-reload",
      `reset-failed ${name}`,
      `start ${name}`,
    ]);
  });

  test("one that does not hear is killed once its time is over, or at once", async () => {
    for (const grace of [0.3, 0]) {
      const { host } = serving(kind, "trap '' TERM; while :; do sleep 0.1; done");
      const running = await host.start(desired);
      await host.stop(running, grace, signal());
      expect(await host.isAlive(running)).toBe(false);
    }
  });

  test.each(["refuses", "dies"])("one that %s to start: the end of its console is shown", async (how) => {
    const { host, root } = serving(kind);
    writeFileSync(join(root, "/opt", how), "");
    mkdirSync(join(root, "/var/log/kctl/demo/broker"), { recursive: true });
    writeFileSync(join(root, desired.console), "one\nUnsupportedClassVersionError\n");
    expect(await faultOf(host.start(desired))).toEqual({
      code: "service-died",
      node: "host-1",
      where: desired.console,
      what: "host-1/broker ended right after it was started",
      fix: "mend what it says, then run `kctl up` again: it goes on from here",
      detail: "one\nUnsupportedClassVersionError",
    });
  });

  test("on a machine that goes down: that is told, of one that cannot be started as of one that has ended", async () => {
    const { host, root } = serving(kind);
    const running = await host.start(desired);
    writeFileSync(join(root, "/opt/system"), "stopping\n");
    expect(await host.isAlive(running)).toBe(true);
    await host.stop(running, 30, signal());
    expect(await faultOf(host.isAlive(running))).toMatchObject({ code: "host-stopping", node: "host-1" });
    writeFileSync(join(root, "/opt/refuses"), "");
    mkdirSync(join(root, "/var/log/kctl/demo/broker"), { recursive: true });
    writeFileSync(join(root, desired.console), "Transaction is destructive\n");
    expect(await faultOf(host.start(desired))).toEqual({
      code: "host-stopping",
      node: "host-1",
      where: "kctl-demo-broker.service",
      what: "cannot start host-1/broker: host-1 shuts down or reboots",
      fix: "wait until it is up, then run the same command again: it goes on from here",
      detail: "Transaction is destructive",
    });
  });

  test("one whose data volume is not mounted: that is told, and not systemd's word for it", async () => {
    const { host, root } = serving(kind);
    writeFileSync(join(root, "/opt/refuses"), "");
    const unit = join(root, "/etc/systemd/system/kctl-demo-broker.service");
    writeFileSync(unit, "[Unit]\nAssertPathIsMountPoint=/var/lib/kctl/demo\n");
    expect(await faultOf(host.start(desired))).toEqual({
      code: "volume-missing",
      node: "host-1",
      where: "/var/lib/kctl/demo",
      what: "host-1/broker was not started: its data volume is not mounted at /var/lib/kctl/demo, and in the empty folder it would begin anew",
      fix: "see whether the volume is attached; `kctl up` mounts it, then starts the server",
    });
    // Mounted, it is refused for something else.
    writeFileSync(unit, "[Unit]\nAssertPathIsMountPoint=/proc\n");
    expect((await faultOf(host.start(desired))).code).toBe("service-died");
  });

  test("a program runs as the servers' user, with nothing of root's environment", async () => {
    const { host, root } = stagedHost({ kind });
    await host.machine.makeUser();
    const printed = await host.run(
      ["/bin/sh", "-c", 'id -un; umask; pwd; env | cut -d= -f1 | sort | tr "\\n" " "', "it's"],
      "/opt",
      signal(),
    );
    expect(printed.trim().split("\n")).toEqual(["kctl", "0027", "/opt", "HOME LANG PATH PWD"]);
    const fault = await faultOf(host.run(["/bin/sh", "-c", "echo out; echo why >&2; exit 3"], root, signal()));
    expect(fault).toMatchObject({ code: "host-io", what: "/bin/sh failed: why", detail: "out\nwhy" });
  });
});

test.runIf(isRoot)("a process whose first thread is over lives while others are left", async () => {
  const { pid, end } = await firstThreadOver();
  const { host } = stagedHost();
  const running = { pid, birth: (await linuxProcesses().birthOf(pid)) ?? "", inputs: null };
  expect(await host.isAlive(running)).toBe(true);
  await end();
  expect(await host.isAlive(running)).toBe(false);
});
