/** A data volume on a real host, by its systemd: mounted at boot before its server, and no server without it. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { look } from "../../../src/hosts/ssh/look.ts";
import { sshHost, type SshHost } from "../../../src/hosts/ssh/ssh-host.ts";
import type { Shell } from "../../../src/hosts/ssh/shell.ts";
import type { ObservedMachine } from "../../../src/plan/observed.ts";
import { mountUnit, mountUnitName } from "../../../src/render/mount-unit.ts";
import type { DesiredHost, DesiredProcess, DesiredVolume } from "../../../src/services/desired.ts";
import { injectFault } from "../../faults/fault.ts";
import { lab, type Lab } from "../../lab/lab.ts";
import { faultOf } from "./support/apply-host.ts";
import { isRoot } from "./support/apply-shell.ts";

const { signal } = new AbortController();
// Its name has a dash, which its mount unit's name has as \x2d.
const cluster = "my-demo";
const mountPoint = `/var/lib/kctl/${cluster}`;
const server = `kctl-${cluster}-broker.service`;
const mark = `@/etc/kctl/${cluster}/broker/jvm.args`;
const size = 320 * 1024 ** 2;

const volume: DesiredVolume = {
  id: "vol-0123456789abcdef0",
  device: "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0",
  // XFS is not mounted while another one with its UUID is, which tests of another file may have.
  uuid: randomUUID(),
  mountPoint,
  unit: mountUnitName(mountPoint),
  sizeBytes: size,
};

const serverUnit = `[Unit]
RequiresMountsFor=${mountPoint}/broker
AssertPathIsMountPoint=${mountPoint}
[Service]
ExecStart=/bin/sh -c 'echo started >>${mountPoint}/log; while :; do sleep 0.1; done' ${mark}
[Install]
WantedBy=multi-user.target
`;

const broker: DesiredProcess = {
  key: "kafka-1/broker",
  node: "kafka-1",
  role: "broker",
  argv: ["/bin/sh"],
  programFrom: "java",
  env: {},
  folder: "/",
  mark,
  inputs: "",
  console: `journal:${server}`,
  log: "",
  pidFile: "",
  ports: {},
  probe: { kind: "kafka", address: "127.0.0.1", port: 1, brokerId: 1 },
  stopSeconds: 1,
};

const desired: DesiredHost = {
  node: "kafka-1",
  folders: [],
  files: [],
  processes: [],
  storedIds: [],
  storage: [],
  machine: {
    user: "kctl",
    software: [],
    java: {
      link: `/etc/kctl/${cluster}/java`,
      unpacked: "/opt/kctl/java-17",
      least: 11,
      best: 17,
      most: null,
      home: null,
    },
    hosts: { cluster, entries: [] },
    sysctl: {},
    units: [
      { name: volume.unit, path: `/etc/systemd/system/${volume.unit}`, member: null },
      { name: server, path: `/etc/systemd/system/${server}`, member: null },
    ],
    volume,
  },
};

describe.skipIf(!isRoot)("on a host with systemd", () => {
  let it: Lab;
  let host: SshHost;
  let folder = "";
  let device = "";
  const on = (): Lab["hosts"][number] => {
    const [first] = it.hosts;
    if (first === undefined) throw new Error("no host");
    return first;
  };
  const run = async (command: string): Promise<string> => (await on().run(command)).trim();
  const shell: Shell = {
    node: "kafka-1",
    run: async (script) => {
      const { status, stdout, stderr } = await it.run(["ssh", "kafka-1", "sh -s"], { input: script });
      return { code: status, stdout, stderr };
    },
  };
  const machine = async (): Promise<ObservedMachine | undefined> => (await look(shell, desired, signal)).machine;
  const slow = { signal, timeoutSeconds: 5, onWait: () => undefined, onComing: () => Promise.resolve() };

  /** What udev does on a machine: a host of the lab has none, so that its devices are made at boot from here. */
  async function attach(): Promise<void> {
    const number = execFileSync("stat", ["-c", "%Hr:%Lr", device], { encoding: "utf8" }).trim();
    const links = [volume.device, `/dev/disk/by-uuid/${volume.uuid}`].map((link) => `L+ ${link} - - - - ${device}`);
    await run(
      `printf '%s\\n' 'b+ ${device} 0660 root disk - ${number}' ${links.map((line) => `'${line}'`).join(" ")} >/etc/tmpfiles.d/disk.conf; systemd-tmpfiles --create /etc/tmpfiles.d/disk.conf`,
    );
  }
  const detach = (): Promise<string> => run(`rm -f /etc/tmpfiles.d/disk.conf ${device} /dev/disk/by-*/*`);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kctl-volume-"));
    writeFileSync(join(folder, "image"), "");
    truncateSync(join(folder, "image"), size);
    device = execFileSync("losetup", ["--find", "--show", join(folder, "image")], { encoding: "utf8" }).trim();
    it = await lab({ hosts: 1, java: true, login: "root", jump: false });
    host = sshHost({ shell, cluster, user: "kctl", fence: () => ":", look, signal });
  });
  afterAll(async () => {
    await it?.stop();
    if (device !== "") execFileSync("losetup", ["--detach", device]);
    rmSync(folder, { recursive: true, force: true });
  });

  test("formatted by tools that it gets, mounted by its unit, and a server runs on it", async () => {
    await attach();
    expect(await machine()).toMatchObject({
      volume: { device: { path: device, bytes: size, content: { kind: "blank" } } },
    });
    const coming: string[] = [];
    const onComing = async (names: readonly string[]): Promise<void> => void coming.push(...names);
    const added = await host.machine.workOnVolume("format", volume, { ...slow, timeoutSeconds: 60, onComing });
    expect(added).toContain("xfsprogs");
    expect(coming.toSorted()).toEqual(added.toSorted());
    const template = readFileSync(join(import.meta.dirname, "../../../templates/volume.mount"), "utf8");
    const texts = { [volume.unit]: mountUnit(template, cluster, volume), [server]: serverUnit };
    await Promise.all(
      Object.entries(texts).map(([name, content]) =>
        host.writeFile({ path: `/etc/systemd/system/${name}`, mode: 0o644, content, member: null }),
      ),
    );
    await Promise.all(
      Object.keys(texts).flatMap((unit) => [host.machine.reloadUnits(), host.machine.enableUnit(unit)]),
    );
    await host.machine.workOnVolume("mount", volume, slow);
    await host.start(broker);
    expect(await machine()).toMatchObject({
      volume: { mounts: [mountPoint], inPlace: null, fileSystemBytes: size, hides: [] },
      units: { [volume.unit]: { active: "active", enabled: true, needsReload: false } },
    });
    expect(await run(`findmnt -n -o FSTYPE,OPTIONS ${mountPoint}`)).toMatch(/^xfs\s+rw,noatime,/);
  });

  test("after a reboot it is mounted before the server starts", async () => {
    await on().reboot();
    expect((await machine())?.volume?.mounts).toEqual([mountPoint]);
    expect(await run(`systemctl is-active ${server}; grep -c . ${mountPoint}/log`)).toBe("active\n2");
  });

  injectFault(50, "the data volume of a host is missing after a reboot", async () => {
    await detach();
    await on().reboot();
    expect(await run(`systemctl is-active ${server} || true; find ${mountPoint} ! -type d`)).toMatch(
      /^(inactive|failed)$/,
    );
    expect((await machine())?.volume).toMatchObject({ device: null, mounts: [], hides: [] });
    expect(await faultOf(host.start(broker))).toMatchObject({
      code: "volume-missing",
      node: "kafka-1",
      what: `kafka-1/broker was not started: its data volume is not mounted at ${mountPoint}, and in the empty folder it would begin anew`,
    });
    await attach();
    await host.machine.workOnVolume("mount", volume, slow);
    await host.start(broker);
    expect(await run(`grep -c . ${mountPoint}/log`)).toBe("3");
    return "the host boots, and its server does not start on the empty folder, which `volume-missing` says; once the volume is back, it is mounted and the server goes on with its data";
  });

  test("unmounted once its server has stopped; what is on it stays", async () => {
    const busy = run(`cd ${mountPoint} && systemctl stop ${server} && exec sleep 5`);
    await run(`until ! systemctl is-active -q ${server}; do sleep 0.05; done`);
    expect((await faultOf(host.machine.unmountVolume(volume))).what).toBe(
      `${mountPoint} cannot be unmounted: something on kafka-1 still uses it`,
    );
    await busy;
    await host.machine.unmountVolume(volume);
    expect((await machine())?.volume).toMatchObject({ device: { content: { kind: "own" } }, mounts: [] });
  });
});
