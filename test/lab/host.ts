/** One host of a lab, and what can happen to it. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBy, type Files } from "./files.ts";
import { endGroup, freeze, makeGroup, processes } from "./cgroups.ts";
import { tool, until } from "./processes.ts";
import { released } from "./loop.ts";
import { folderOf, inside, type HostRecord, type LabRecord } from "./state.ts";

export type Host = HostRecord & {
  /** As root, past SSH, by `sh -c`; what it prints. One that fails throws. */
  readonly run: (command: string) => Promise<string>;
  /** What it said while it booted. */
  readonly console: () => string;
  /** The plug is pulled: no process of it hears of it. */
  readonly powerOff: () => Promise<void>;
  /** On the same disk; back when systemd says that all is up. */
  readonly powerOn: () => Promise<void>;
  /** Waits until its systemd says that all is up, also of one that boots by itself. */
  readonly untilUp: () => Promise<void>;
  /** By its systemd, in order; back when all is up again. */
  readonly reboot: () => Promise<void>;
  readonly freeze: () => Promise<void>;
  readonly thaw: () => Promise<void>;
  /** From the network, its link stays up: what is sent to it is lost without a word. */
  readonly cut: () => Promise<void>;
  readonly join: () => Promise<void>;
  /** What it sends and gets, each; null: as fast as it can be. */
  readonly slow: (kilobytesPerSecond: number | null) => Promise<void>;
  /** Leaves no block of its disk free. */
  readonly fill: () => Promise<void>;
  readonly unfill: () => Promise<void>;
  /** Every file on it, for a comparison with another moment or a fresh host. */
  readonly files: () => Promise<Files>;
};

const supervisor = join(import.meta.dirname, "host.sh");

const filler = "/var/tmp/lab-filler";

/**
 * Most of it is only reserved, which is done at once and takes no room outside. The rest is written, until nothing is free: what
 * the file system had set aside for a write comes free only after it.
 */
const fillScript = `
free=$(df --output=avail --block-size=1M / | tail -n 1)
: >${filler}
[ "$free" -lt 32 ] || fallocate --length "$((free - 16))M" ${filler}
rounds=0
while [ "$(df --output=avail --block-size=1 / | tail -n 1)" -gt 0 ] && [ $rounds -lt 100 ]; do
  rounds=$((rounds + 1))
  dd if=/dev/zero bs=4k status=none >>${filler} 2>/dev/null || true
  sync --file-system ${filler}
done`;

/** The first process of the host, systemd, by its id out here: process 1 of a namespace one below. */
export function init(record: LabRecord, name: string): number | null {
  for (const pid of processes(`${record.id}/${name}`)) {
    try {
      const ids = /^NSpid:\s+(.*)$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.split(/\s+/u) ?? [];
      if (ids.length > 1 && ids.at(-1) === "1") return pid;
    } catch {
      // It has ended in the meantime.
    }
  }
  return null;
}

async function runIn(record: LabRecord, name: string, command: string): Promise<string> {
  const pid = init(record, name);
  if (pid === null) throw new Error(`${name} is off`);
  return tool(
    "nsenter",
    `--target=${pid}`,
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--root",
    "--wd",
    "--no-fork",
    "env",
    "-i",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "sh",
    "-c",
    // Not nsenter's own fork: that one stops along with a child that the host's shutdown stops, and then never buries it.
    'sh -c "$1"; exit $?',
    "sh",
    command,
  );
}

/** Until its systemd says that everything was started. */
async function untilUp(record: LabRecord, name: string, before: number | null): Promise<void> {
  let said = "";
  await until(`${name} boots`, 120, async () => {
    if (init(record, name) === null || init(record, name) === before) return false;
    said = await runIn(record, name, "timeout 60 systemctl is-system-running --wait || true").catch(String);
    return /^(running|degraded)$/mu.test(said);
  });
}

async function powerOn(record: LabRecord, name: string): Promise<void> {
  const folder = join(folderOf(record.id), "hosts", name);
  const groups = makeGroup(`${record.id}/${name}`);
  const log = openSync(join(folder, "console.log"), "a");
  const [command = "", ...args] = inside(record.id);
  const child = spawn(
    command,
    [
      ...args,
      "unshare",
      "--mount",
      "--propagation=private",
      "sh",
      supervisor,
      folder,
      name,
      record.layers.join(":"),
      groups.join(" "),
    ],
    { detached: true, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  const ended = new Promise<never>((_resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`${name} ended with ${status}: see ${folder}/console.log`)));
  });
  ended.catch(() => undefined);
  await Promise.race([untilUp(record, name, null), ended]);
  child.unref();
}

async function reboot(record: LabRecord, name: string): Promise<void> {
  const before = init(record, name);
  await runIn(record, name, "systemctl --no-block reboot");
  await untilUp(record, name, before);
}

export function hostOf(record: LabRecord, { name, address }: HostRecord): Host {
  const group = `${record.id}/${name}`;
  // As much of the name as an interface's has room for; ec2/machines.py does the same.
  const port = `vb-${name.slice(0, 12)}`;
  const [enter = "", ...entered] = inside(record.id);
  const network = (...args: string[]): Promise<string> => tool(enter, ...entered, ...args);
  const run = (command: string): Promise<string> => runIn(record, name, command);
  return {
    name,
    address,
    run,
    console: () => {
      const file = join(folderOf(record.id), "hosts", name, "console.log");
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    },
    powerOff: async () => {
      await endGroup(group);
      await released(join(folderOf(record.id), "hosts", name));
      // Its end of the cable goes with its namespace, which takes a moment; the next boot must not meet it.
      await network("ip", "link", "delete", port).catch(() => undefined);
    },
    powerOn: () => powerOn(record, name),
    untilUp: () => untilUp(record, name, null),
    reboot: () => reboot(record, name),
    freeze: () => freeze(group, true),
    thaw: () => freeze(group, false),
    cut: async () => void (await network("bridge", "link", "set", "dev", port, "state", "0")),
    join: async () => void (await network("bridge", "link", "set", "dev", port, "state", "3")),
    slow: async (rate) => {
      const limit = rate === null ? [] : ["tbf", "rate", `${rate * 8}kbit`, "burst", "16kb", "latency", "400ms"];
      const verb = rate === null ? "delete" : "replace";
      await network("tc", "qdisc", verb, "dev", port, "root", ...limit);
      await run(`tc qdisc ${[verb, "dev", "host0", "root", ...limit].join(" ")}`);
    },
    fill: async () => void (await run(fillScript)),
    files: () => filesBy(run),
    unfill: async () => void (await run(`rm -f ${filler}`)),
  };
}
