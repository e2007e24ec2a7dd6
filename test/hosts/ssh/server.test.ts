import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { linuxProcesses } from "../../../src/hosts/local/linux-processes.ts";
import type { DesiredProcess } from "../../../src/services/desired.ts";
import { faultOf, stagedHost } from "./support/apply-host.ts";
import { isRoot, shells } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const signal = () => AbortSignal.timeout(30_000);

/** Starts a real process, and knows as much of it as the scripts ask of systemd; the lab's hosts have a real one. */
const systemctl = `
echo "$*" >>/opt/said
case "$*" in
  *MainPID*) cat /opt/pid 2>/dev/null || echo 0 ;;
  *NeedDaemonReload*) echo yes ;;
  *ActiveState*) cat /opt/state ;;
  is-active*) [ -e /opt/pid ] ;;
  start*) [ ! -e /opt/refuses ] || exit 1
    [ -e /opt/dies ] || { setsid /bin/sh /opt/server /etc/kctl/demo/broker/jvm.args -Dkctl.inputs=abc </dev/null >/dev/null 2>&1 & echo $! >/opt/pid; } ;;
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
    expect(orders).toEqual([`is-active --quiet ${name}`, "daemon-reload", `reset-failed ${name}`, `start ${name}`]);
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
