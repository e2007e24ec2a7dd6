/** Units: what systemd makes of their words, that it takes every line, and how exposed it calls them. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../src/cluster/cluster.ts";
import { hostsText } from "../../src/render/hosts-unit.ts";
import { systemdUnit, unitName, unitWord } from "../../src/render/systemd-unit.ts";
import type { DesiredProcess } from "../../src/services/desired.ts";

const templates = join(import.meta.dirname, "../../templates");

function processOf(role: Role): DesiredProcess {
  const run = `/run/kctl/demo/${role}`;
  return {
    key: `kafka-1/${role}`,
    node: "kafka-1",
    role,
    // `systemd-analyze verify` wants the program to be there.
    argv: ["/bin/sh", '-Da=$x %n \\ "q"', "@/etc/kctl/demo/broker/jvm.args"],
    programFrom: "java",
    env: {},
    folder: run,
    mark: "@/etc/kctl/demo/broker/jvm.args",
    inputs: "0",
    console: "journal:",
    log: `/var/log/kctl/demo/${role}/server.log`,
    pidFile: `${run}/pid`,
    ports: {},
    probe: { kind: "zookeeper", address: "127.0.0.1", port: 2181 },
    stopSeconds: 180,
  };
}

describe("a word of a command line", () => {
  test.each([
    ["/opt/kctl/kafka-3.9.1/libs/*", '"/opt/kctl/kafka-3.9.1/libs/*"'],
    ["@/etc/kctl/demo/broker/jvm.args", "@/etc/kctl/demo/broker/jvm.args"],
    ["a b", '"a b"'],
    ["", '""'],
    [";", '";"'],
    ["$HOME", '"$$HOME"'],
    ["${HOME}", '"$${HOME}"'],
    ["100%n", "100%%n"],
    ["back\\slash", '"back\\\\slash"'],
    ['"q"', '"\\"q\\""'],
    ["it's", '"it\'s"'],
  ])("%s", (word, shown) => {
    expect(unitWord(word)).toBe(shown);
  });

  test.each(["a\nb", "a\rb", "a\0b"])("one with a line's end is refused", (word) => {
    expect(() => unitWord(word)).toThrow(RangeError);
  });
});

describe.skipIf(process.platform !== "linux")("systemd", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kctl-units-"));
    const server = await readFile(join(templates, "server.service"), "utf8");
    for (const role of ["zookeeper", "controller", "broker"] as const) {
      const text = systemdUnit(processOf(role), {
        cluster: "demo",
        user: "kctl",
        needs: role === "broker" ? ["zookeeper"] : [],
        data: "/var/lib/kctl/demo/broker",
        writable: ["/var/lib/kctl/demo/broker", "/var/log/kctl/demo/broker"],
        mountPoint: role === "broker" ? "/var/lib/kctl/demo" : null,
        template: server,
      });
      await writeFile(join(folder, unitName("demo", role)), text);
    }
    const hosts = await readFile(join(templates, "hosts.service"), "utf8");
    await writeFile(join(folder, unitName("demo", "hosts")), hostsText(hosts, "demo", "/etc/kctl/demo"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const units = ["zookeeper", "controller", "broker", "hosts"];

  test.each(units)("takes every line of the unit of %s", (role) => {
    const { stdout, stderr, error } = spawnSync(
      "systemd-analyze",
      ["verify", "--man=no", join(folder, unitName("demo", role))],
      {
        encoding: "utf8",
        env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
      },
    );
    expect(error).toBeUndefined();
    // It names the unit in whatever it does not like; the machine's own units may have faults of theirs.
    expect(`${stdout}${stderr}`.split("\n").filter((line) => line.includes("kctl-"))).toEqual([]);
  });

  test.each(units)("calls the exposure of %s at most 1.5", (role) => {
    const arguments_ = ["security", "--offline=true", "--threshold=15", join(folder, unitName("demo", role))];
    const { stdout, status } = spawnSync("systemd-analyze", arguments_, { encoding: "utf8" });
    const [, exposure] = /Overall exposure level for \S+: ([0-9.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(1.5);
    expect(status).toBe(0);
  });
});
