/** The unit of a data volume: called as systemd calls it, and taken by it to the last line. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { mountUnit, mountUnitName } from "../../src/render/mount-unit.ts";

const template = readFileSync(join(import.meta.dirname, "../../templates/volume.mount"), "utf8");
const volume = { id: "vol-0123456789abcdef0", uuid: "0f7a3f5e-6c1d-5a3b-9d2e-4b1c8a7e6f50" };

test.each([
  ["/var/lib/kctl/demo", "var-lib-kctl-demo.mount"],
  ["/var/lib/kctl/my-cluster", String.raw`var-lib-kctl-my\x2dcluster.mount`],
  ["/.a/.b/é x:y_z", String.raw`\x2ea-.b-\xc3\xa9\x20x:y_z.mount`],
  ["/", "-.mount"],
])("%s is %s", (mountPoint, name) => {
  expect(mountUnitName(mountPoint)).toBe(name);
});

test("of a volume", () => {
  expect(mountUnit(template, "demo", { ...volume, mountPoint: "/var/lib/kctl/demo" })).toBe(`\
# Written by kctl: a change made here is shown by \`kctl plan\` and taken back by \`kctl up\`.
[Unit]
Description=Data volume vol-0123456789abcdef0 of the Kafka cluster demo

[Mount]
What=/dev/disk/by-uuid/0f7a3f5e-6c1d-5a3b-9d2e-4b1c8a7e6f50
Where=/var/lib/kctl/demo
Type=xfs
# nofail: where the volume is missing, the machine boots all the same, and the servers alone do not start.
Options=noatime,nofail

[Install]
WantedBy=multi-user.target
`);
});

describe.skipIf(spawnSync("systemd-escape", ["--version"]).error !== undefined)("systemd", () => {
  const name = fc.stringMatching(/^[\w. :ä-]{1,8}$/).filter((each) => !/^\.{1,2}$/.test(each));

  test("calls every path so", () => {
    const paths = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`);
    fc.assert(
      fc.property(paths, (path) => {
        const { stdout } = spawnSync("systemd-escape", ["--path", "--suffix=mount", path], { encoding: "utf8" });
        expect(mountUnitName(path)).toBe(stdout.trim());
      }),
      { numRuns: 40 },
    );
  });

  test.each(["demo", "my-cluster"])("takes every line, for a cluster called %s", (cluster) => {
    const folder = mkdtempSync(join(tmpdir(), "kctl-mount-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const mountPoint = `/var/lib/kctl/${cluster}`;
    const file = join(folder, mountUnitName(mountPoint));
    writeFileSync(file, mountUnit(template, cluster, { ...volume, mountPoint }));
    const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
    expect(`${stdout}${stderr}`.split("\n").filter((line) => line.includes("var-lib-kctl"))).toEqual([]);
  });
});
