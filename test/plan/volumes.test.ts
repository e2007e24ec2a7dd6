/** What a plan does to data volumes: tables of what was seen, what follows, and what is refused; and that no data is ever formatted away. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Platform } from "../../src/cluster/platform.ts";
import { changesSomething, type Change } from "../../src/plan/change.ts";
import { makePlan, type Plan } from "../../src/plan/make-plan.ts";
import type { ObservedHost, ObservedMachine, ObservedState, ObservedVolume } from "../../src/plan/observed.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { nothing, world, type World } from "./support/world.ts";

const gibibyte = 1024 ** 3;
const id = "vol-0123456789abcdef0";
const path = "/dev/nvme1n1";
const uuid = "0f7a3f5e-6c1d-5a3b-9d2e-4b1c8a7e6f50";
const mountPoint = "/var/lib/kctl/demo";
const sizeBytes = 200 * gibibyte;

function platform(): Platform {
  const ssh = sshPlatform("demo", { "kafka-1": "10.0.0.1", "kafka-2": "10.0.0.2" });
  if (ssh.machine === null) throw new Error("ssh sets machines up");
  return { ...ssh, machine: { ...ssh.machine, volumes: { "kafka-1": { id, uuid, sizeBytes } } } };
}

const wanted = (): World =>
  world(
    {
      provider: { type: "ssh" },
      kafka: { version: "4.3.1" },
      nodes: ["kafka-1", "kafka-2"].map((name, index) => ({
        name,
        address: `10.0.0.${index + 1}`,
        roles: index === 0 ? ["controller", "broker"] : ["broker"],
      })),
    },
    null,
    { platform: platform() },
  );

const blank: ObservedVolume = {
  device: { path, bytes: sizeBytes, content: { kind: "blank" } },
  mounts: [],
  inPlace: null,
  fileSystemBytes: null,
  hides: [],
};
const own: ObservedVolume = { ...blank, device: { path, bytes: sizeBytes, content: { kind: "own" } } };
const mounted: ObservedVolume = { ...own, mounts: [mountPoint], fileSystemBytes: sizeBytes };
const holding = (what: string): ObservedVolume => ({
  ...blank,
  device: { path, bytes: sizeBytes, content: { kind: "other", what } },
});

const bare: ObservedMachine = {
  user: false,
  software: {},
  otherSoftware: {},
  leftovers: [],
  java: null,
  javas: [],
  hostsFile: "127.0.0.1 localhost\n",
  resolves: {},
  resolveSeconds: 0,
  sysctl: {},
  units: {},
  receipt: null,
  otherReceipts: {},
};

function plan(volume: ObservedVolume, made: readonly string[] | null = null): Plan {
  const now = wanted();
  const host = (node: string, machine: ObservedMachine): ObservedHost => ({
    node,
    machine,
    files: {},
    folders: {},
    processes: {},
    ports: {},
    identities: {},
  });
  const observed: ObservedState = {
    ...nothing,
    hosts: { "kafka-1": host("kafka-1", { ...bare, volume }), "kafka-2": host("kafka-2", bare) },
  };
  if (made === null) return makePlan({ ...now, observed });
  const { next } = now.receipt;
  const its = { address: "10.0.0.1", folders: [], files: [], units: [], software: [], made: [...made] };
  return makePlan({ ...now, receipt: { next, former: { ...next, machines: { "kafka-1": its } } }, observed });
}

const works = ({ changes }: Pick<Plan, "changes">): readonly string[] =>
  changes.flatMap((change) => (change.kind === "machine" && change.step.kind === "volume" ? change.title : []));

function allBefore(changes: readonly Change[], key: string): ReadonlySet<string> {
  const all = new Set<string>();
  const add = (each: string): void => {
    for (const { key: before } of changes.find((change) => change.key === each)?.after ?? [])
      if (!all.has(before)) {
        all.add(before);
        add(before);
      }
  };
  add(key);
  return all;
}

test("a blank one is formatted, then mounted, then anything is made on it", () => {
  const { changes, obstacles, isPartial } = plan(blank);
  expect({ obstacles, isPartial }).toEqual({ obstacles: [], isPartial: false });
  expect(works({ changes })).toEqual([
    `format the data volume ${id} (XFS) on kafka-1`,
    `mount the data volume ${id} on kafka-1`,
  ]);
  const mount = "volume mount on kafka-1";
  expect([...allBefore(changes, mount)].toSorted()).toEqual([
    "file kafka-1:/etc/systemd/system/var-lib-kctl-demo.mount",
    "receipt",
    "unit var-lib-kctl-demo.mount on kafka-1",
    "user on kafka-1",
    "volume format on kafka-1",
  ]);
  const onIt = changes.filter((one) => "path" in one && one.node === "kafka-1" && one.path.startsWith(mountPoint));
  expect(onIt.map(({ kind }) => kind)).toContain("folder");
  for (const { key } of onIt) expect(allBefore(changes, key)).toContain(mount);
  for (const key of ["storage kafka-1/controller", "start kafka-1/controller", "start kafka-1/broker"])
    expect(allBefore(changes, key)).toContain(mount);
  const other = changes.filter((one) => one.node === "kafka-2");
  for (const change of other.filter(({ kind }) => kind === "folder" || kind === "file"))
    expect(allBefore(changes, change.key)).not.toContain(mount);
});

describe.each<[string, ObservedVolume, readonly string[]]>([
  ["not attached yet", { ...blank, device: null }, [`wait for the data volume ${id} on kafka-1`]],
  ["formatted, and not mounted", own, [`mount the data volume ${id} on kafka-1`]],
])("%s", (_, seen, titles) => {
  test("nothing is planned on a guess: this first, and the rest once its data can be read", () => {
    const { changes, obstacles, isPartial } = plan(seen);
    expect({ obstacles, isPartial }).toEqual({ obstacles: [], isPartial: true });
    expect(works({ changes })).toEqual(titles);
    expect(
      changes
        .filter(changesSomething)
        .map(({ key }) => key)
        .toSorted(),
    ).toEqual(
      [
        "file kafka-1:/etc/systemd/system/var-lib-kctl-demo.mount",
        "unit var-lib-kctl-demo.mount on kafka-1",
        `volume ${seen.device === null ? "await" : "mount"} on kafka-1`,
      ].toSorted(),
    );
    expect(changes.at(-1)?.title).toBe("the rest is planned once the data volume of kafka-1 can be read");
    const keys = new Set(changes.map(({ key }) => key));
    expect(changes.flatMap(({ after }) => after).filter(({ key }) => !keys.has(key))).toEqual([]);
  });
});

test.each<[string, ObservedVolume, readonly string[]]>([
  ["as large as its disk", mounted, []],
  ["a little smaller, as file systems are", { ...mounted, fileSystemBytes: sizeBytes - 1024 ** 2 }, []],
  [
    "the volume was made larger",
    { ...mounted, fileSystemBytes: 100 * gibibyte },
    [`grow the file system of ${id} to 200 GiB on kafka-1`],
  ],
  [
    "the volume is being made larger, and the machine does not see it yet",
    { ...mounted, device: { path, bytes: 100 * gibibyte, content: { kind: "own" } }, fileSystemBytes: 100 * gibibyte },
    [`grow the file system of ${id} to 200 GiB on kafka-1`],
  ],
  [
    "larger than the spec says: never smaller again",
    { ...mounted, device: { path, bytes: 400 * gibibyte, content: { kind: "own" } }, fileSystemBytes: 400 * gibibyte },
    [],
  ],
])("mounted, and %s", (_, seen, titles) => {
  const made = plan(seen);
  expect(made.isPartial).toBe(false);
  expect(made.obstacles).toEqual([]);
  expect(works(made)).toEqual(titles);
});

const elsewhere = `the data volume ${id} is mounted at /mnt, and it belongs at ${mountPoint}`;

test.each<[string, ObservedVolume, readonly string[] | null, string, RegExp]>([
  [
    "another file system",
    holding("ext4 (UUID 1)"),
    null,
    `the data volume ${id} holds ext4 (UUID 1), which kctl did not put there: it is not formatted`,
    /`wipefs --all \/dev\/nvme1n1`.*`xfs_admin -U 0f7a3f5e/,
  ],
  [
    "blank, and it was formatted before",
    blank,
    [`volume ${id}`],
    `the data volume ${id} was formatted for this cluster, and is blank now: what it held is gone`,
    /from a snapshot/,
  ],
  ["mounted elsewhere", { ...own, mounts: ["/mnt"] }, null, elsewhere, /^`umount \/mnt`/],
  [
    "something else in its place",
    { ...own, inPlace: "/dev/sdb1 (ext4)" },
    null,
    `/dev/sdb1 (ext4) is mounted at ${mountPoint}, where the data volume ${id} belongs`,
    /\/etc\/fstab/,
  ],
  [
    "something mounted over it",
    { ...mounted, inPlace: "none (tmpfs)" },
    null,
    `none (tmpfs) is mounted at ${mountPoint}, where the data volume ${id} belongs`,
    /umount/,
  ],
  [
    "files in its folder",
    { ...blank, hides: [`${mountPoint}/broker/meta.properties`] },
    null,
    `there are files in ${mountPoint} on the machine's own disk, which the data volume ${id} would hide: ${mountPoint}/broker/meta.properties`,
    /^see what they are: `mv /,
  ],
  [
    "files in its folder, and it is not attached",
    { ...blank, device: null, hides: [`${mountPoint}/a`] },
    null,
    `there are files in ${mountPoint} on the machine's own disk, which the data volume ${id} would hide: ${mountPoint}/a`,
    /mv/,
  ],
])("in the way: %s", (_, seen, made, what, fix) => {
  const { obstacles } = plan(seen, made);
  expect(obstacles).toEqual([
    {
      code: "volume-conflict",
      node: "kafka-1",
      where: expect.any(String) as string,
      what,
      fix: expect.stringMatching(fix) as string,
    },
  ]);
});

test("data that lies on a volume that is not mounted is not taken for gone", () => {
  const now = wanted();
  const former = { ...now.receipt.next, formatted: ["kafka-1/controller"] };
  const machine = { ...bare, volume: own };
  const host: ObservedHost = {
    node: "kafka-1",
    machine,
    files: {},
    folders: {},
    processes: {},
    ports: {},
    identities: {},
  };
  const observed = { ...nothing, hosts: { "kafka-1": host } };
  expect(makePlan({ ...now, receipt: { next: former, former }, observed }).obstacles).toEqual([]);
  const empty = { ...nothing, hosts: { "kafka-1": { ...host, machine: { ...bare, volume: mounted } } } };
  expect(makePlan({ ...now, receipt: { next: former, former }, observed: empty }).obstacles).toMatchObject([
    { code: "identity-conflict" },
  ]);
});

const volumes: fc.Arbitrary<ObservedVolume> = fc.record({
  device: fc.option(
    fc.record({
      path: fc.constant(path),
      bytes: fc.integer({ min: 0, max: 400 }).map((size) => size * gibibyte),
      content: fc.constantFrom(
        { kind: "blank" } as const,
        { kind: "own" } as const,
        { kind: "other", what: "ext4" } as const,
      ),
    }),
  ),
  mounts: fc.subarray([mountPoint, "/mnt"]),
  inPlace: fc.option(fc.constant("none (tmpfs)")),
  fileSystemBytes: fc.option(fc.integer({ min: 0, max: 400 }).map((size) => size * gibibyte)),
  hides: fc.subarray([`${mountPoint}/file`]),
});

test("whatever was seen: only what is blank and was never formatted is, and nothing is done where something is in the way", () => {
  fc.assert(
    fc.property(volumes, fc.boolean(), (seen, wasFormatted) => {
      const { changes, obstacles } = plan(seen, wasFormatted ? [`volume ${id}`] : []);
      const formats = changes.some(({ key }) => key.startsWith("volume format"));
      if (formats && obstacles.length === 0) {
        expect(seen.device?.content.kind).toBe("blank");
        expect(wasFormatted).toBe(false);
      }
      // Once it is formatted, no plan ever formats it again.
      const after = { ...seen, device: { path, bytes: sizeBytes, content: { kind: "own" } as const } };
      expect(works(plan(after)).filter((title) => title.startsWith("format"))).toEqual([]);
      const isBelow = (change: Change): boolean =>
        "path" in change && change.node === "kafka-1" && change.path.startsWith(mountPoint);
      const isMounted = seen.mounts.includes(mountPoint);
      for (const change of changes.filter(isBelow))
        expect(isMounted || allBefore(changes, change.key).has("volume mount on kafka-1")).toBe(true);
    }),
  );
});
