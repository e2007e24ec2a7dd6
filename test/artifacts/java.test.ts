/** Which Java is found where: folders made for each case, and the real one of this machine. */
import { chmod, mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { majorOf, versionInRelease } from "../../src/artifacts/java-home.ts";
import { installLine } from "../../src/artifacts/java-install.ts";
import { findJava, type JavaOptions, type JavaWanted } from "../../src/artifacts/java.ts";
import { KctlError } from "../../src/fault.ts";
import { temporary } from "./support.ts";

const needs = { minimum: 11, maximum: 23, recommended: 17 };
const any: JavaWanted = { home: null, version: null };

/** What `java -XshowSettings:properties -version` prints, as far as it matters. */
const answering = (home: string, version: string): string =>
  `#!/bin/sh\nprintf 'Property settings:\\n    java.home = ${home}\\n    java.version = ${version}\\n' >&2\n`;

/** With a `release` file, its `java` is never started: it would fail. */
async function fakeJava(home: string, version: string, release = true): Promise<string> {
  await mkdir(join(home, "bin"), { recursive: true });
  const script = release ? "#!/bin/sh\nexit 1\n" : answering(home, version);
  await writeFile(join(home, "bin", "java"), script, { mode: 0o755 });
  if (release)
    await writeFile(join(home, "release"), `IMPLEMENTOR="X"\r\nJAVA_VERSION="${version}"\r\nOS_ARCH="y"\r\n`);
  return await realpath(home);
}

async function options(folder: string, env: NodeJS.ProcessEnv = {}): Promise<JavaOptions> {
  const jvms = join(folder, "jvms");
  await mkdir(jvms, { recursive: true });
  return { env, platform: "linux", signal: new AbortController().signal, places: [jvms] };
}

async function faultOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    (java) => new Error(`found ${JSON.stringify(java)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof KctlError)) throw error;
  return error.faults[0];
}

describe("the order", () => {
  test("is the spec, JAVA_HOME, the PATH, the usual places", async () => {
    const folder = await temporary();
    const [spec, home, path] = [
      await fakeJava(join(folder, "spec"), "17.0.1"),
      await fakeJava(join(folder, "home"), "17.0.2"),
      await fakeJava(join(folder, "path"), "17.0.3"),
    ];
    const base = await options(folder);
    const usual = await fakeJava(join(folder, "jvms", "j"), "17.0.4");
    const full = { ...base, env: { JAVA_HOME: home, PATH: `relative:/nowhere:${join(path, "bin")}` } };
    expect(await findJava({ home: spec, version: null }, needs, full)).toEqual({
      home: spec,
      executable: join(spec, "bin", "java"),
      version: "17.0.1",
      major: 17,
      source: "spec",
    });
    expect(await findJava(any, needs, full)).toMatchObject({ home, source: "JAVA_HOME" });
    expect(await findJava(any, needs, { ...full, env: { PATH: full.env.PATH, JAVA_HOME: "" } })).toMatchObject({
      home: path,
      source: "PATH",
    });
    expect(await findJava(any, needs, base)).toMatchObject({ home: usual, source: "usual places" });
  });

  test("goes on where a Java is of another version than wanted or needed, or broken", async () => {
    const folder = await temporary();
    const home = await fakeJava(join(folder, "home"), "1.8.0_402");
    const path = await fakeJava(join(folder, "path"), "25.0.1");
    const base = await options(folder, { JAVA_HOME: home, PATH: join(path, "bin") });
    const [eleven, seventeen, twentyOne] = [
      await fakeJava(join(folder, "jvms", "a"), "11.0.2"),
      await fakeJava(join(folder, "jvms", "z"), "17.0.2"),
      await fakeJava(join(folder, "jvms", "b"), "21"),
    ];
    await mkdir(join(folder, "jvms", "empty"));
    expect(await findJava(any, needs, base)).toMatchObject({ home: seventeen });
    expect(await findJava({ home: null, version: 21 }, needs, base)).toMatchObject({ home: twentyOne, major: 21 });
    expect(await findJava({ home: null, version: 11 }, needs, base)).toMatchObject({ home: eleven });
    expect(await findJava(any, { ...needs, recommended: 18 }, base)).toMatchObject({ home: twentyOne });
    expect(await findJava(any, { ...needs, maximum: null }, base)).toMatchObject({ home: path });
    expect(await findJava(any, { ...needs, minimum: 8 }, base)).toMatchObject({ home, major: 8 });
  });
});

describe("a Java", () => {
  test("behind links is found at its real home", async () => {
    const folder = await temporary();
    const home = await fakeJava(join(folder, "jdk-17.0.9"), "17.0.9");
    await mkdir(join(folder, "alternatives"));
    await symlink(join(home, "bin", "java"), join(folder, "alternatives", "java"));
    await mkdir(join(folder, "bin"));
    await symlink(join(folder, "alternatives", "java"), join(folder, "bin", "java"));
    const found = await findJava(any, needs, await options(folder, { PATH: join(folder, "bin") }));
    expect(found).toMatchObject({ home, executable: join(home, "bin", "java"), source: "PATH" });
  });

  test("behind a shim or without a release file is asked", async () => {
    const folder = await temporary();
    const home = await fakeJava(join(folder, "real"), "17.0.9", false);
    await mkdir(join(folder, "shims"));
    await writeFile(join(folder, "shims", "java"), answering(home, "17.0.9"), { mode: 0o755 });
    const shim = await findJava(any, needs, await options(folder, { PATH: join(folder, "shims") }));
    expect(shim).toMatchObject({ home, executable: join(home, "bin", "java"), version: "17.0.9" });
    const direct = await findJava({ home, version: null }, needs, await options(folder));
    expect(direct).toMatchObject({ home, version: "17.0.9" });
  });

  test("of macOS is found below Contents/Home, and its stub in /usr/bin is left alone", async () => {
    const folder = await temporary();
    const base = await options(folder, { PATH: "/usr/bin" });
    const home = await fakeJava(join(folder, "jvms", "temurin-17.jdk", "Contents", "Home"), "17.0.9");
    const found = await findJava(any, needs, { ...base, platform: "darwin" });
    expect(found).toMatchObject({ home, source: "usual places" });
    const bundle = join(folder, "jvms", "temurin-17.jdk");
    expect(await findJava({ home: bundle, version: null }, needs, base)).toMatchObject({ home, source: "spec" });
  });

  test("8 with its jre/ is one home", async () => {
    const folder = await temporary();
    const home = await fakeJava(join(folder, "jdk8"), "1.8.0_402");
    await mkdir(join(home, "jre", "bin"), { recursive: true });
    await writeFile(join(home, "jre", "bin", "java"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const env = { PATH: join(home, "jre", "bin") };
    const found = await findJava(any, { ...needs, minimum: 8 }, await options(folder, env));
    expect(found).toMatchObject({ home: join(home, "jre"), major: 8 });
  });

  test("of this machine is found within milliseconds, without starting it", async () => {
    const signal = new AbortController().signal;
    const real = { env: process.env, platform: process.platform, signal };
    const wide = { minimum: 8, maximum: null, recommended: 17 };
    const java = await findJava(any, wide, real);
    const times: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const began = performance.now();
      await findJava(any, wide, real);
      times.push(performance.now() - began);
    }
    // The best of ten: what else this machine does is not of interest here.
    expect(Math.min(...times)).toBeLessThan(50);
    expect(java.executable).toBe(join(java.home, "bin", "java"));
  });
});

describe("when none fits", () => {
  test("the error lists what was found where, and how to get one", async () => {
    const folder = await temporary();
    const home = await fakeJava(join(folder, "home"), "1.8.0_402");
    const base = await options(folder, { JAVA_HOME: home, PATH: "/nowhere" });
    const newest = await fakeJava(join(folder, "jvms", "j"), "25");
    const broken = join(folder, "jvms", "k");
    await fakeJava(broken, "17", false);
    await chmod(join(broken, "bin", "java"), 0o644);
    const fault = await faultOf(findJava(any, needs, base));
    expect(fault).toMatchObject({ code: "java-not-found", what: "no Java 11 to 23 was found on this machine" });
    expect(fault?.detail).toBe(`JAVA_HOME, ${home}: Java 1.8.0_402\nusual places, ${newest}: Java 25`);
    expect(fault?.fix).toMatch(/17.*or set JAVA_HOME/);
  });

  test("the spec's folder is not silently replaced by another", async () => {
    const folder = await temporary();
    const good = await fakeJava(join(folder, "good"), "17.0.1");
    const base = await options(folder, { JAVA_HOME: good });
    const missing = await faultOf(findJava({ home: "/no/java", version: null }, needs, base));
    expect(missing?.what).toBe("no Java 11 to 23 was found in /no/java, which the spec names");
    expect(missing?.detail).toBe("spec, /no/java: no Java that works");
    const other = await faultOf(findJava({ home: good, version: 21 }, needs, base));
    expect(other?.what).toContain("no Java 21 was found in");
  });

  test("and nothing is there at all, that is said", async () => {
    const fault = await faultOf(findJava(any, { ...needs, maximum: null }, await options(await temporary())));
    expect(fault?.what).toBe("no Java 11 or newer was found on this machine");
    expect(fault?.detail).toMatch(/JAVA_HOME, the PATH and the usual places/);
  });
});

const debian = (id: number): string => `PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="${id}"\n`;

test.each([
  ["linux", debian(12), null, "sudo apt-get install openjdk-17-jre-headless"],
  ["linux", debian(13), null, "sudo apt-get install openjdk-21-jre-headless"],
  ["linux", debian(13), 17, "sudo apt-get install openjdk-17-jre-headless"],
  ["linux", 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', null, "sudo apt-get install openjdk-17-jre-headless"],
  ["linux", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', null, "sudo dnf install java-17-openjdk-headless"],
  ["linux", 'ID="amzn"\nID_LIKE="fedora"\n', null, "sudo dnf install java-17-amazon-corretto-headless"],
  ["linux", "ID=alpine\n", 21, "apk add openjdk21-jre-headless"],
  ["linux", "ID=arch\n", null, "sudo pacman -S jre17-openjdk-headless"],
  ["linux", 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', null, "sudo zypper install java-17-openjdk-headless"],
  ["linux", "", null, "install a Java 17 (https://adoptium.net)"],
  ["darwin", "", 21, "brew install openjdk@21"],
] as const)("on %s with %j, Java %s comes by %s", (platform, osRelease, wanted, line) => {
  expect(installLine(platform, osRelease, { wanted, recommended: 17 })).toBe(line);
});

test.each([
  ["17.0.15", 17],
  ["1.8.0_402", 8],
  ["21", 21],
  ["25-ea", 25],
  ["11.0.2+9", 11],
  ["", null],
  ["unknown", null],
])("the version %j is Java %s", (version, major) => {
  expect(majorOf(version)).toBe(major);
});

test("a release file gives its version, quoted or not", () => {
  expect(versionInRelease('A="b"\nJAVA_VERSION="17.0.15"\nJAVA_VERSION_DATE="2025-04-15"\n')).toBe("17.0.15");
  expect(versionInRelease("JAVA_VERSION=21\r\n")).toBe("21");
  expect(versionInRelease('JAVA_RUNTIME_VERSION="17"\n')).toBeNull();
});
