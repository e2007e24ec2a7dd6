import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { injectFault } from "../../faults/fault.ts";
import { alone } from "../../../src/hosts/ssh/batch.ts";
import { ensureJava, type EnsureJavaOptions } from "../../../src/hosts/ssh/ensure-java.ts";
import { installPackage, removePackages } from "../../../src/hosts/ssh/packages.ts";
import { faultOf } from "./support/apply-host.ts";
import { isRoot, shells, stage, type StageOptions } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const options = { fence: () => ":", user: "kctl" };
const signal = () => AbortSignal.timeout(30_000);
const java = { link: "/etc/kctl/demo/java", least: 11, best: 17, most: null, home: null };
const none = { java: null, javas: [] };
const javaScript = (version: string) => `#!/bin/sh\necho 'openjdk version "${version}" 2024-01-01' >&2\n`;

/**
 * A package manager in files: what cannot be had for real without taking this machine's own apart. The lab's hosts have
 * a real one. `/opt/available` lists what there is once `update` ran, `/opt/installed` what is installed.
 */
const apt = {
  "apt-get": `
echo "apt-get $*" >>/opt/said
for last do :; done
case "$*" in
  *update*) cp /opt/upstream /opt/available ;;
  *' -s '*' install '*) printf 'Inst %s (1)\\n' "$last" dependency; echo 'Inst openssl [1] (2)'; echo 'Conf dependency (1)' ;;
  *' install '*)
    printf '%s\\n' "$last" dependency >>/opt/installed
    mkdir -p /opt/jvm/bin && cp /opt/java-17 /opt/jvm/bin/java && chmod +x /opt/jvm/bin/java ;;
  '-s purge '*) for each do case $each in openjdk*) echo "Purg $each [1]"; cat /opt/needing 2>/dev/null ;; esac; done ;;
  *' purge '*) for each do grep -vx -e "$each" /opt/installed >/opt/new; cp /opt/new /opt/installed; done ;;
esac`,
  "apt-cache": `for last do :; done; grep -qx "$last" /opt/available 2>/dev/null`,
  "dpkg-query": `sed 's/^/ii /' /opt/installed`,
  dpkg: "echo /opt/jvm; echo /opt/jvm/bin/java; echo /opt/jvm/lib/jexec",
};

function debian(kind: StageOptions["kind"] = "dash", upstream = "openjdk-17-jre-headless\n") {
  const on = stage({ kind, programs: apt, setUp: "mkdir -p $STAGE/dpkg && mount --bind $STAGE/dpkg /var/lib/dpkg" });
  mkdirSync(join(on.root, "/var/lib/dpkg"));
  mkdirSync(join(on.root, "dpkg"));
  mkdirSync(join(on.root, "/etc/kctl/demo"), { recursive: true });
  writeFileSync(join(on.root, "/etc/os-release"), 'PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_ID="12"\nID=debian\n');
  writeFileSync(join(on.root, "/opt/installed"), "base\nopenssl\n");
  writeFileSync(join(on.root, "/opt/upstream"), upstream);
  writeFileSync(join(on.root, "/opt/java-17"), javaScript("17.0.9"));
  return on;
}

const said = (root: string) =>
  readFileSync(join(root, "/opt/said"), "utf8")
    .replaceAll(/ -o \S+/g, "")
    .trim()
    .split("\n");

function ensuring(more: Partial<EnsureJavaOptions> = {}): EnsureJavaOptions {
  return {
    ...options,
    lockSeconds: 5,
    onWait: () => undefined,
    onComing: () => Promise.resolve(),
    archive: null,
    ...more,
  };
}

describe.runIf(isRoot).each(kinds)("in %s", (kind) => {
  test("Java from the distribution: its lists are read only where they lack it", async () => {
    const { root, shell } = debian(kind);
    const foreseen: unknown[] = [];
    const onComing = async (names: readonly string[]): Promise<void> => {
      foreseen.push(names, readFileSync(join(root, "/opt/installed"), "utf8"));
    };
    expect(await ensureJava(shell, java, none, ensuring({ onComing }), signal())).toEqual({
      home: "/opt/jvm",
      how: "package",
      added: ["dependency", "openjdk-17-jre-headless"],
    });
    // Told while they are not there yet; openssl only becomes newer.
    expect(foreseen).toEqual([["dependency", "openjdk-17-jre-headless"], "base\nopenssl\n"]);
    expect(readlinkSync(join(root, "/etc/kctl/demo/java"))).toBe("/opt/jvm");
    const install = "apt-get -q -y --no-install-recommends install openjdk-17-jre-headless";
    const simulate = "apt-get -q -s --no-install-recommends install openjdk-17-jre-headless";
    expect(said(root)).toEqual(["apt-get -q -y --no-install-recommends update", simulate, install]);
    await ensureJava(shell, java, none, ensuring(), signal());
    expect(said(root)).toHaveLength(5);
    expect(said(root).at(-1)).toBe(install);
  });

  injectFault(48, "the package manager's lock is held by another process", async () => {
    const { root, shell } = debian(kind);
    const lock = join(root, "dpkg/lock-frontend");
    writeFileSync(lock, "");
    const holder = spawn("flock", [lock, "cat"], { stdio: ["pipe", "ignore", "ignore"] });
    onTestFinished(() => void holder.stdin.end());
    await once(holder, "spawn");
    await expect.poll(() => readFileSync("/proc/locks", "utf8").includes(` ${holder.pid} `)).toBe(true);
    const waited: string[] = [];
    const install = (lockSeconds: number, onWait: (name: string) => void) =>
      installPackage({ manager: "apt", candidates: ["openjdk-17-jre-headless"], lockSeconds, onWait });
    expect(
      await faultOf(
        alone(
          shell,
          install(1, (name) => waited.push(name)),
          options,
          signal(),
        ),
      ),
    ).toEqual({
      code: "timeout",
      node: "host-1",
      what: `the package manager of host-1 was busy for 1 s: process ${holder.pid} flock holds its lock`,
      fix: "wait until it is done (most often automatic upgrades), then run the same command again",
    });
    expect(waited).toEqual([`${holder.pid} flock`]);
    const done = await alone(
      shell,
      install(30, () => holder.stdin.end()),
      options,
      signal(),
    );
    expect(done.name).toBe("openjdk-17-jre-headless");
    return "it is waited for, and the process is named; in the end with an error that names it too";
  });

  test("only what was installed is removed, and nothing that others need by now", async () => {
    const { root, shell } = debian(kind);
    const { added } = await ensureJava(shell, java, none, ensuring(), signal());
    writeFileSync(join(root, "/opt/needing"), "Purg maven [3]\n");
    expect(await alone(shell, removePackages(added, 5), options, signal())).toBe(false);
    expect(readFileSync(join(root, "/opt/installed"), "utf8")).toContain("dependency");
    writeFileSync(join(root, "/opt/needing"), "");
    expect(await alone(shell, removePackages(added, 5), options, signal())).toBe(true);
    expect(readFileSync(join(root, "/opt/installed"), "utf8")).toBe("base\nopenssl\n");
    expect(await alone(shell, removePackages(added, 5), options, signal())).toBe(true);
  });
});

describe.runIf(isRoot)("a Java", () => {
  const planted = (root: string, name: string, version: string) => {
    const home = join("/opt", name);
    mkdirSync(join(root, home, "bin"), { recursive: true });
    writeFileSync(join(root, home, "bin/java"), javaScript(version), { mode: 0o755 });
    return home;
  };

  test("that is there and will do is linked, the one that is linked already before others", async () => {
    const { root, shell } = debian();
    const homes = [planted(root, "old", "1.8.0_402"), planted(root, "a", "17.0.9"), planted(root, "b", "21.0.1")];
    const [old = "", a = "", b = ""] = homes;
    const javas = [{ home: b, major: 21 }];
    for (const [linked, home] of [
      [{ home: a, major: 17 }, a],
      [{ home: old, major: 8 }, b],
      [null, b],
    ] as const) {
      const ensured = await ensureJava(shell, java, { java: linked, javas }, ensuring(), signal());
      expect(ensured).toEqual({ home, how: "there", added: [] });
      expect(readlinkSync(join(root, java.link))).toBe(home);
    }
  });

  injectFault(54, "the Java that the spec names is too old, or does not run on the host", async () => {
    const { root, shell } = debian();
    symlinkSync("/opt/before", join(root, java.link));
    const home = planted(root, "old", "1.8.0_402");
    const works = [home, "/opt/nowhere"].map((each) =>
      ensureJava(shell, { ...java, home: each }, none, ensuring(), signal()),
    );
    expect((await Promise.all(works.map(faultOf))).map(({ code, what }) => [code, what])).toEqual([
      ["java-not-found", "/opt/old is Java 8, and 11 is needed"],
      ["java-not-found", "/opt/nowhere/bin/java does not run on host-1"],
    ]);
    expect(readlinkSync(join(root, java.link))).toBe("/opt/before");
    return "java-not-found says which of the two; what the servers run on stays as it is";
  });

  injectFault(54, "a host has no Java, and its distribution has no package of one", async () => {
    const { shell } = debian("dash", "");
    expect(await faultOf(ensureJava(shell, java, none, ensuring(), signal()))).toEqual({
      code: "java-not-found",
      node: "host-1",
      what: "host-1 has no Java 11 or newer, and Debian GNU/Linux 12 has no package of one",
      fix: "install a Java 17 there, then run the same command again",
    });
    return "java-not-found names the host, the distribution and the version to install";
  });
});
