/** Data volumes by the real scripts, on loop devices of a test's own: looked at, formatted once, mounted, grown; and what is left as it is. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { look } from "../../../src/hosts/ssh/look.ts";
import { mountUnitName } from "../../../src/render/mount-unit.ts";
import type { ObservedVolume } from "../../../src/plan/observed.ts";
import type { DesiredMachine, DesiredVolume } from "../../../src/services/desired.ts";
import { faultOf, stagedHost } from "./support/apply-host.ts";
import { isRoot, shells, type Stage } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const mebibyte = 1024 ** 2;
const size = 320 * mebibyte;
const mountPoint = "/var/lib/kctl/demo";
// XFS is not mounted while another one with its UUID is, which tests of another file may have.
const uuid = randomUUID();

const volume: DesiredVolume = {
  id: "vol-0123456789abcdef0",
  // Stands for /dev/disk/by-id/…, which only udev could make here.
  device: "/opt/disk",
  uuid,
  mountPoint,
  unit: mountUnitName(mountPoint),
  sizeBytes: size,
};

const machine: DesiredMachine = {
  user: "daemon",
  software: [],
  java: { link: "/etc/kctl/demo/java", unpacked: "/opt/kctl/java-17", least: 11, best: 17, most: null, home: null },
  hosts: { cluster: "demo", entries: [] },
  sysctl: {},
  units: [],
  volume,
};

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

type Disk = { readonly device: string; readonly image: string };

function disk(): Disk {
  const folder = mkdtempSync(join(tmpdir(), "kctl-volume-"));
  const image = join(folder, "image");
  writeFileSync(image, "");
  truncateSync(image, size);
  const device = run("losetup", "--find", "--show", image);
  onTestFinished(() => {
    run("losetup", "--detach", device);
    rmSync(folder, { recursive: true });
  });
  return { device, image };
}

/** Of systemd only what the scripts ask for: its mount unit mounts, in the namespace of that one script. */
const systemctl = `
case "$*" in
  *NeedDaemonReload*) echo no ;;
  *LoadState*) echo loaded ;;
  start*) mount -t xfs -o noatime /dev/disk/by-uuid/${uuid} ${mountPoint} ;;
  stop*) umount ${mountPoint} 2>/dev/null ;;
esac
exit $?`;

type More = {
  readonly kind?: keyof typeof shells;
  readonly setUp?: string;
  readonly attached?: boolean;
  readonly programs?: Readonly<Record<string, string>>;
};

function machineWith(
  device: string,
  { kind = "dash", setUp = "", attached = true, programs = { systemctl } }: More = {},
) {
  const links = `mount -t tmpfs none /dev/disk && mkdir /dev/disk/by-uuid && ln -s ${device} /dev/disk/by-uuid/${uuid}`;
  mkdirSync("/dev/disk", { recursive: true });
  const on = stagedHost({ kind, setUp: `${links}\n${setUp}`, programs });
  if (attached) symlinkSync(device, join(on.root, volume.device));
  mkdirSync(join(on.root, mountPoint), { recursive: true });
  return on;
}

const mounted = (device: string): string => `mount -t xfs -o noatime ${device} ${mountPoint}`;

async function seen({ shell }: Stage): Promise<ObservedVolume | undefined> {
  const nothing = { folders: [], files: [], processes: [], storedIds: [], storage: [] };
  const host = await look(shell, { node: "host-1", ...nothing, machine }, AbortSignal.timeout(30_000));
  return host.machine?.volume;
}

function slow(timeoutSeconds = 1, said: string[] = []) {
  return {
    signal: AbortSignal.timeout(60_000),
    timeoutSeconds,
    onWait: (what: string) => void said.push(what),
    onComing: () => Promise.reject(new Error("no package comes")),
  };
}

const contentOf = (device: string): string => {
  try {
    return run("blkid", "-p", "-o", "value", "-s", "TYPE", device);
  } catch {
    return "";
  }
};

/** A master boot record with one partition of Linux. */
function partitioned(): Buffer {
  const sector = Buffer.alloc(512);
  sector[450] = 0x83;
  sector.writeUInt32LE(2048, 454);
  sector.writeUInt32LE(4096, 458);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

describe.runIf(isRoot).each(kinds)("in %s", (kind) => {
  test("a blank one is seen as blank, formatted once, mounted by its unit, and seen with its size", async () => {
    const { device } = disk();
    const on = machineWith(device, { kind });
    const blank = { device: { path: device, bytes: size, content: { kind: "blank" } }, mounts: [], inPlace: null };
    expect(await seen(on)).toEqual({ ...blank, fileSystemBytes: null, hides: [] });
    expect(await on.host.machine.workOnVolume("format", volume, slow())).toEqual([]);
    expect(run("blkid", "-p", "-o", "value", "-s", "UUID", "-s", "LABEL", device).split("\n").toSorted()).toEqual([
      uuid,
      "demo",
    ]);
    const own = { ...blank.device, content: { kind: "own" } };
    expect(await seen(on)).toEqual({ ...blank, device: own, fileSystemBytes: null, hides: [] });
    await on.host.machine.workOnVolume("mount", volume, slow());
    const there = machineWith(device, { kind, setUp: mounted(device) });
    expect(await seen(there)).toEqual({
      device: own,
      mounts: [mountPoint],
      inPlace: null,
      fileSystemBytes: size,
      hides: [],
    });
    // Mounted already: nothing to do, whatever systemd knows.
    await there.host.machine.workOnVolume("mount", volume, slow());
  });

  test("one that was formatted is not formatted again, though it is asked for", async () => {
    const { device } = disk();
    const on = machineWith(device, { kind });
    await on.host.machine.workOnVolume("format", volume, slow());
    const stage = machineWith(device, { kind, setUp: mounted(device) });
    await stage.shell.run(`echo kept >${mountPoint}/file`, { signal: AbortSignal.timeout(10_000) });
    await on.host.machine.workOnVolume("format", volume, slow());
    const { stdout } = await stage.shell.run(`cat ${mountPoint}/file`, { signal: AbortSignal.timeout(10_000) });
    expect(stdout).toBe("kept\n");
  });

  test.each<[string, (device: string) => void, string, string]>([
    ["ext4", (device) => void run("mkfs.ext4", "-q", device), "ext4", "ext4 (UUID "],
    ["another XFS", (device) => void run("mkfs.xfs", "-q", device), "xfs", "xfs (UUID "],
    [
      "bytes of nobody knows what",
      (device) => void run("sh", "-c", `printf data | dd of=${device} bs=1 seek=500000 conv=notrunc status=none`),
      "",
      "something that no program knows",
    ],
    ["partitions", (device) => writeFileSync(device, partitioned(), { flag: "r+" }), "", "a partition table (dos)"],
  ])("%s on it: told, and never formatted", async (_, put, type, what) => {
    const { device } = disk();
    put(device);
    const on = machineWith(device, { kind });
    const volumeSeen = await seen(on);
    expect(volumeSeen?.device?.content).toEqual({ kind: "other", what: expect.stringContaining(what) as string });
    expect(await faultOf(on.host.machine.workOnVolume("format", volume, slow()))).toMatchObject({
      code: "volume-conflict",
      node: "host-1",
      what: `the data volume ${volume.id} (${device}) is no longer what it was when it was looked at; it was left as it is`,
    });
    expect(contentOf(device)).toBe(type);
  });

  test("files on the disk below are told, and not hidden by a mount", async () => {
    const { device } = disk();
    const on = machineWith(device, { kind });
    await on.host.machine.workOnVolume("format", volume, slow());
    mkdirSync(join(on.root, mountPoint, "broker/empty"), { recursive: true });
    expect((await seen(on))?.hides).toEqual([]);
    writeFileSync(join(on.root, mountPoint, "broker/meta.properties"), "");
    expect((await seen(on))?.hides).toEqual([`${mountPoint}/broker/meta.properties`]);
    expect(await faultOf(on.host.machine.workOnVolume("mount", volume, slow()))).toMatchObject({
      code: "volume-conflict",
      what: `there are files in ${mountPoint} on the machine's own disk, which the data volume ${volume.id} would hide: ${mountPoint}/broker/meta.properties`,
    });
  });

  test("mounted elsewhere, and something else in its place", async () => {
    const { device } = disk();
    const on = machineWith(device, { kind });
    await on.host.machine.workOnVolume("format", volume, slow());
    mkdirSync(join(on.root, "/opt/elsewhere"));
    const setUp = `mount -t xfs ${device} /opt/elsewhere\nmount -t tmpfs none ${mountPoint}`;
    const other = machineWith(device, { kind, setUp: `mkdir -p /opt/elsewhere\n${setUp}` });
    expect(await seen(other)).toMatchObject({
      mounts: ["/opt/elsewhere"],
      inPlace: "none (tmpfs)",
      fileSystemBytes: null,
      hides: [],
    });
    expect((await faultOf(other.host.machine.workOnVolume("mount", volume, slow()))).code).toBe("volume-conflict");
  });

  test("grown with its disk, while it is mounted", async () => {
    const { device, image } = disk();
    const on = machineWith(device, { kind });
    await on.host.machine.workOnVolume("format", volume, slow());
    truncateSync(image, 2 * size);
    const there = machineWith(device, { kind, setUp: mounted(device) });
    const larger = { ...volume, sizeBytes: 2 * size };
    const said: string[] = [];
    expect(await faultOf(there.host.machine.workOnVolume("grow", larger, slow(1, said)))).toMatchObject({
      code: "timeout",
      what: `the data volume ${volume.id} (${device}) did not grow within 1 s: host-1 sees its former size`,
    });
    expect(said).toEqual(["the disk has its former size still"]);
    run("losetup", "--set-capacity", device);
    await there.host.machine.workOnVolume("grow", larger, slow());
    expect(await seen(there)).toMatchObject({ device: { bytes: 2 * size }, fileSystemBytes: 2 * size });
  });

  test("not attached: waited for as long as it may take, then named", async () => {
    const { device } = disk();
    const on = machineWith(device, { kind, attached: false });
    expect((await seen(on))?.device).toBeNull();
    const said: string[] = [];
    const coming = on.host.machine.workOnVolume("await", volume, slow(30, said));
    setTimeout(() => symlinkSync(device, join(on.root, volume.device)), 700);
    await coming;
    expect(said).toEqual(["it is not attached yet"]);
    rmSync(join(on.root, volume.device));
    expect(await faultOf(on.host.machine.workOnVolume("await", volume, slow(1)))).toEqual({
      code: "volume-missing",
      node: "host-1",
      where: volume.id,
      what: `the data volume ${volume.id} is not there on host-1, and did not come within 1 s`,
      fix: "see whether it is attached to this instance; on the host, `lsblk -o NAME,SERIAL` shows disks by their ids; then run the same command again: it goes on from here",
    });
    expect((await faultOf(on.host.machine.workOnVolume("format", volume, slow()))).code).toBe("volume-missing");
  });

  test("found by its serial where udev made no link, and under a name of Xen's only by its own file system", async () => {
    const { device } = disk();
    // Its serial is the id without the dash, with blanks behind it.
    const serial = (id: string): string =>
      `mount -t tmpfs none /sys/block && mkdir -p /sys/block/nvme7n1/device && echo '${id}   ' >/sys/block/nvme7n1/device/serial`;
    const number = run("stat", "-c", "0x%t 0x%T", device).split(" ").map(Number).join(" ");
    const node = (name: string): string =>
      `mount -t tmpfs none /mnt && cp -a /dev/. /mnt 2>/dev/null; mount --rbind /mnt /dev; mknod /dev/${name} b ${number}`;
    const nvme = { kind, attached: false, setUp: `${node("nvme7n1")}\n${serial("vol0123456789abcdef0")}` };
    expect((await seen(machineWith(device, nvme)))?.device?.path).toBe("/dev/nvme7n1");
    const others = { ...nvme, setUp: `${node("nvme7n1")}\n${serial("vol0ffffffffffffffff")}` };
    expect((await seen(machineWith(device, others)))?.device).toBeNull();
    const xen = { kind, attached: false, setUp: node("xvdf") };
    expect((await seen(machineWith(device, xen)))?.device).toBeNull();
    run("mkfs.xfs", "-q", "-m", `uuid=${uuid}`, device);
    expect((await seen(machineWith(device, xen)))?.device).toMatchObject({
      path: "/dev/xvdf",
      content: { kind: "own" },
    });
  });

  test("unmounted, and what is on it stays; one in use is told", async () => {
    const { device } = disk();
    await machineWith(device, { kind }).host.machine.workOnVolume("format", volume, slow());
    const busy = `${mounted(device)}\ncd ${mountPoint}`;
    expect(await faultOf(machineWith(device, { kind, setUp: busy }).host.machine.unmountVolume(volume))).toMatchObject({
      code: "host-io",
      what: `${mountPoint} cannot be unmounted: something on host-1 still uses it`,
    });
    await machineWith(device, { kind, setUp: mounted(device) }).host.machine.unmountVolume(volume);
    await machineWith(device, { kind }).host.machine.unmountVolume(volume);
    expect(contentOf(device)).toBe("xfs");
  });
});

test.runIf(isRoot)("a host without the tools of XFS gets their package, which is told of before it comes", async () => {
  const { device } = disk();
  // A package manager in files: it brings a program of the same name that calls the real one, which lies where no PATH leads.
  const programs = {
    systemctl,
    "apt-get": `
case "$*" in
  *' -s '*) echo 'Inst xfsprogs (1)'; echo 'Inst liburcu8 (1)' ;;
  *' install '*) [ -e /opt/told ] || exit 1
    printf '%s\\n' xfsprogs liburcu8 >>/opt/installed
    printf '#!/bin/sh\\nexec /opt/mkfs.xfs "$@"\\n' >/usr/local/sbin/mkfs.xfs; chmod +x /usr/local/sbin/mkfs.xfs ;;
esac`,
    "apt-cache": "exit 0",
    "dpkg-query": "sed 's/^/ii /' /opt/installed",
    dpkg: "exit 0",
  };
  const hidden = "mount --bind /usr/sbin/mkfs.xfs /opt/mkfs.xfs\nmount --bind /dev/null /usr/sbin/mkfs.xfs";
  const on = machineWith(device, { setUp: hidden, programs });
  writeFileSync(join(on.root, "/opt/mkfs.xfs"), "");
  writeFileSync(join(on.root, "/opt/installed"), "base\n");
  writeFileSync(join(on.root, "/etc/os-release"), "ID=debian\nVERSION_ID=12\n");
  const coming: unknown[] = [];
  const onComing = async (names: readonly string[]): Promise<void> => {
    coming.push(names);
    writeFileSync(join(on.root, "/opt/told"), "");
  };
  const brought = ["liburcu8", "xfsprogs"];
  expect(await on.host.machine.workOnVolume("format", volume, { ...slow(), onComing })).toEqual(brought);
  expect(coming).toEqual([brought]);
  expect(contentOf(device)).toBe("xfs");
});
