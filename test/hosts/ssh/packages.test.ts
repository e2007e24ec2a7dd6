import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { injectFault } from "../../faults/fault.ts";
import { alone } from "../../../src/hosts/ssh/batch.ts";
import { KctlError } from "../../../src/fault.ts";
import { ensureJava, type EnsureJavaOptions, type Jre } from "../../../src/hosts/ssh/ensure-java.ts";
import { installPackage, removePackages } from "../../../src/hosts/ssh/packages.ts";
import { faultOf } from "./support/apply-host.ts";
import { isRoot, shells, stage, type StageOptions } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const options = { fence: () => ":", user: "kctl" };
const signal = () => AbortSignal.timeout(30_000);
const java = {
  link: "/etc/kctl/demo/java",
  unpacked: "/opt/kctl/java-17",
  least: 11,
  best: 17,
  most: null,
  home: null,
};
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
  *update*) cp /opt/upstream /opt/available 2>/dev/null || { echo 'E: cannot be reached' >&2; exit 100; } ;;
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
    onNotCome: () => Promise.resolve(),
    onUse: () => Promise.resolve(),
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

  /** As a JRE is packed: one folder on top. */
  function jre(version = "17.0.12"): Jre {
    const folder = mkdtempSync(join(tmpdir(), "kctl-jre-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, "jdk-17/bin"), { recursive: true });
    writeFileSync(join(folder, "jdk-17/bin/java"), javaScript(version), { mode: 0o755 });
    writeFileSync(join(folder, "jdk-17/release"), `JAVA_VERSION="${version}"\n`);
    const archive = execFileSync("tar", ["czf", "-", "-C", folder, "jdk-17"]);
    const sha512 = createHash("sha512").update(archive).digest("hex");
    const open = (offset: number): Readable => Readable.from([archive.subarray(offset)]);
    const software = { folder: java.unpacked, sha512, bytes: archive.length, stripComponents: 1, urls: [], open };
    return { software, others: null };
  }

  test.each<[string, string, string, readonly string[]]>([
    ["has no package of one", 'ID=debian\nVERSION_ID="12"\n', "", []],
    ["is none that kctl knows", "ID=arch\n", "openjdk-17-jre-headless\n", []],
    [
      "cannot give its package",
      'ID=debian\nVERSION_ID="12"\n',
      "cannot be reached",
      ["cannot look for openjdk-17-jre-headless: E: cannot be reached: it gets a JRE from an archive"],
    ],
  ])("of an archive, where the distribution %s", async (_, release, upstream, waited) => {
    const { root, shell } = debian("dash", upstream);
    writeFileSync(join(root, "/etc/os-release"), release);
    if (waited.length > 0) rmSync(join(root, "/opt/upstream"));
    const used: string[] = [];
    const told: string[] = [];
    const asked: string[] = [];
    const { software } = jre();
    const archive: EnsureJavaOptions["archive"] = async (architecture) => {
      asked.push(architecture);
      return { software, others: null };
    };
    const onUse = async (folder: string): Promise<void> => {
      used.push(folder, String(existsSync(join(root, folder))));
    };
    const its = ensuring({ archive, onUse, onWait: (what) => void told.push(what) });
    const ensured = await ensureJava(shell, java, none, its, signal());
    expect(ensured).toEqual({ home: "/opt/kctl/java-17", how: "archive", added: [] });
    expect(asked).toEqual([process.arch === "arm64" ? "aarch64" : "x64"]);
    // Told of before it is there.
    expect(used).toEqual(["/opt/kctl/java-17", "false"]);
    expect(told).toEqual(waited);
    expect(readlinkSync(join(root, java.link))).toBe("/opt/kctl/java-17");
    expect(readdirSync(join(root, "/opt/kctl/java-17")).toSorted()).toEqual([".kctl", "bin", "release"]);
    // Another cluster on the host uses it too, and says so.
    const found = { java: null, javas: [{ home: "/opt/kctl/java-17", major: 17 }] };
    const second = ensureJava(shell, java, found, ensuring({ onUse }), signal());
    expect(await second).toEqual({ home: "/opt/kctl/java-17", how: "there", added: [] });
    expect(used.slice(2)).toEqual(["/opt/kctl/java-17", "true"]);
  });

  test("of an archive, where a package of the distribution stops half way: what did not come is told of", async () => {
    const { root, shell } = debian();
    writeFileSync(join(root, "/opt/available"), "openjdk-17-jre-headless\n");
    const broken = apt["apt-get"].replace(
      /\*' install '\*\)\n {4}printf[^;]*?;;/s,
      "*' install '*) echo dependency >>/opt/installed; exit 100 ;;",
    );
    expect(broken).not.toBe(apt["apt-get"]);
    writeFileSync(join(root, "usr/local/sbin/apt-get"), `#!/bin/sh\n${broken}`, { mode: 0o755 });
    const [coming, lacking]: [string[], string[]] = [[], []];
    const archive = async (): Promise<Jre> => ({ software: jre().software, others: null });
    const onComing = async (names: readonly string[]): Promise<void> => void coming.push(...names);
    const onNotCome = async (names: readonly string[]): Promise<void> => void lacking.push(...names);
    const ensured = await ensureJava(shell, java, none, ensuring({ archive, onComing, onNotCome }), signal());
    expect(ensured.how).toBe("archive");
    expect(coming).toEqual(["dependency", "openjdk-17-jre-headless"]);
    expect(lacking).toEqual(["openjdk-17-jre-headless"]);
  });

  test.each<[string, number, number | null, string]>([
    ["one that is newer than will do is passed over", 17, 17, "/usr/lib/jvm/17"],
    ["the one that is linked stays while it will do", 17, null, "/usr/lib/jvm/21"],
  ])("there already: %s", async (_, least, most, home) => {
    const { root, shell } = debian();
    for (const major of [17, 21]) {
      mkdirSync(join(root, `/opt/${major}/bin`), { recursive: true });
      writeFileSync(join(root, `/opt/${major}/bin/java`), javaScript(`${major}.0.1`), { mode: 0o755 });
    }
    const at = (major: number) => ({ home: `/opt/${major}`, major });
    const found = { java: at(21), javas: [at(17), at(21)] };
    const ensured = await ensureJava(shell, { ...java, least, most }, found, ensuring(), signal());
    expect(ensured).toEqual({ home: home.replace("/usr/lib/jvm", "/opt"), how: "there", added: [] });
  });

  test("of an archive that cannot be had either: one error that has every way out", async () => {
    const { root, shell } = debian();
    rmSync(join(root, "/opt/upstream"));
    const archive = (): Promise<Jre> =>
      Promise.reject(
        new KctlError({
          code: "artifact-unavailable",
          what: "no source",
          fix: "put it into a mirror",
          detail: "mirror: HTTP 404",
        }),
      );
    const fault = await faultOf(ensureJava(shell, java, none, ensuring({ archive }), signal()));
    expect(fault).toMatchObject({
      code: "java-not-found",
      node: "host-1",
      what: "host-1 has no Java 11 or newer, and Debian GNU/Linux 12 could not give its package, and no archive of Java 17 could be fetched",
      fix: "install a Java 17 there, then run the same command again; or put it into a mirror",
    });
    expect(fault.detail).toMatch(/cannot look for openjdk-17-jre-headless[^]*\nmirror: HTTP 404$/);
  });

  test("of an archive that does not run on the host", async () => {
    const { shell } = debian("dash", "");
    const { software } = jre("1.8.0_402");
    const archive = async (): Promise<Jre> => ({ software, others: null });
    expect((await faultOf(ensureJava(shell, java, none, ensuring({ archive }), signal()))).what).toBe(
      "/opt/kctl/java-17 is Java 8, and 11 is needed",
    );
  });
});
