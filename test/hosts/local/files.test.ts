import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { KctlError, type Fault } from "../../../src/fault.ts";
import type { Host } from "../../../src/hosts/host.ts";
import { localHosts } from "../../../src/hosts/local/local-host.ts";
import { testFolder, until } from "./support.ts";

function hostAt(root: string): Host {
  const [host] = localHosts(["kafka-1"], root);
  if (host === undefined) throw new Error("no host");
  return host;
}

async function faultOf(work: Promise<unknown>): Promise<Fault | undefined> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof KctlError)) throw new Error(`no fault, but ${String(error)}`);
  return error.faults[0];
}

const file = (path: string, content = "new", mode = 0o640) => ({ path, content, mode, member: null });
const isRoot = process.geteuid?.() === 0;

describe("writeFile", () => {
  test("writes and replaces, with its mode whatever the umask is", async () => {
    const root = testFolder();
    const path = join(root, "server.properties");
    const former = process.umask(0o077);
    onTestFinished(() => void process.umask(former));
    await hostAt(root).writeFile(file(path, "one", 0o644));
    expect(statSync(path).mode & 0o7777).toBe(0o644);
    await hostAt(root).writeFile(file(path, "two", 0o600));
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(statSync(path).mode & 0o7777).toBe(0o600);
    expect(readdirSync(root)).toEqual(["server.properties"]);
  });

  test("nobody else can ever open a secret: there is no instant with a wider mode", async () => {
    const root = testFolder();
    const former = process.umask(0);
    onTestFinished(() => void process.umask(former));
    const modes = new Set<number>();
    let writing = true;
    const watch = until(() => {
      for (const name of readdirSync(root))
        modes.add((lstatSync(join(root, name), { throwIfNoEntry: false })?.mode ?? 0o600) & 0o777);
      return !writing;
    });
    for (let round = 0; round < 20; round += 1)
      await hostAt(root).writeFile(file(join(root, "secret"), "x".repeat(1e6), 0o600));
    writing = false;
    await watch;
    expect([...modes]).toEqual([0o600]);
  });

  test.each([
    ["a symbolic link", (path: string, root: string) => symlinkSync(join(root, "victim"), path)],
    ["a symbolic link", (path: string, root: string) => symlinkSync(join(root, "nowhere"), path)],
    ["a folder", (path: string) => mkdirSync(path)],
    ["a named pipe", (path: string) => execFileSync("mkfifo", [path])],
  ])("%s in its place is said and left as it is", async (what, plant) => {
    const root = testFolder();
    const path = join(root, "server.properties");
    writeFileSync(join(root, "victim"), "precious");
    plant(path, root);
    const before = readdirSync(root);
    expect(await faultOf(hostAt(root).writeFile(file(path)))).toEqual({
      code: "local-io",
      where: path,
      what: `${path} is ${what}, where kctl needs a file`,
      fix: "move it away, then run the same command again; kctl neither writes through it nor deletes it",
    });
    expect(readFileSync(join(root, "victim"), "utf8")).toBe("precious");
    expect(readdirSync(root)).toEqual(before);
  });

  test("a symbolic link in place of a folder on the way is refused, at each height", async () => {
    const outside = testFolder();
    for (const height of [0, 1, 2]) {
      const root = join(testFolder(), "demo");
      const folders = [root, join(root, "kafka-1"), join(root, "kafka-1", "broker")];
      for (const folder of folders.slice(0, height)) mkdirSync(folder);
      symlinkSync(outside, folders[height] ?? "");
      mkdirSync(join(outside, "kafka-1", "broker"), { recursive: true });
      mkdirSync(join(outside, "broker"), { recursive: true });
      const path = join(root, "kafka-1", "broker", "f");
      expect((await faultOf(hostAt(root).writeFile(file(path))))?.what).toBe(
        `${folders[height]} is a symbolic link, where kctl needs a folder`,
      );
      expect(
        (await faultOf(hostAt(root).makeFolder({ path: join(root, "kafka-1", "broker"), mode: 0o750 })))?.what,
      ).toBe(`${folders[height]} is a symbolic link, where kctl needs a folder`);
    }
    expect(new Set(readdirSync(outside, { recursive: true, encoding: "utf8" }))).toEqual(
      new Set(["broker", "kafka-1", "kafka-1/broker"]),
    );
  });

  test.each(["../outside", "/etc/kctl-test", "a/../../outside", "a/./b", "x\0y"])(
    "%s is outside: refused",
    async (name) => {
      const root = join(testFolder(), "demo");
      mkdirSync(join(root, "a"), { recursive: true });
      const path = name.startsWith("/") ? name : `${root}/${name}`;
      for (const work of [
        () => hostAt(root).writeFile(file(path)),
        () => hostAt(root).makeFolder({ path, mode: 0o700 }),
        () => hostAt(root).removeFile(path),
        () => hostAt(root).removeTree(path),
      ])
        await expect(work()).rejects.toThrow(/is not below/);
      expect(readdirSync(root, { recursive: true })).toEqual(["a"]);
    },
  );

  test("what killed writers left is swept up; what a living one is writing is not", async () => {
    const root = testFolder();
    const child = spawn("true", { stdio: "ignore" });
    await once(child, "exit");
    const dead = `.server.properties.kctl-${child.pid}-0123456789ab`;
    const alive = `.server.properties.kctl-${process.ppid}-0123456789ab`;
    for (const name of [dead, alive, ".kctl-1-notours", "data"]) writeFileSync(join(root, name), "half");
    await hostAt(root).writeFile(file(join(root, "other")));
    expect(readdirSync(root).toSorted()).toEqual([alive, ".kctl-1-notours", "data", "other"].toSorted());
  });

  test("and by a removal too", async () => {
    const root = testFolder();
    const child = spawn("true", { stdio: "ignore" });
    await once(child, "exit");
    writeFileSync(join(root, `.receipt.json.kctl-${child.pid}-0123456789ab`), "half");
    await hostAt(root).removeFile(join(root, "receipt.json"));
    expect(readdirSync(root)).toEqual([]);
  });

  test("killed in the middle of writing, it leaves the old content or the new", async () => {
    const root = testFolder();
    const path = join(root, "server.properties");
    const script = join(import.meta.dirname, "writer.ts");
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(process.execPath, [script, root, path], { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "exit");
      await once(child.stdout, "data");
      const moment = performance.now() + round * 1.7;
      await until(() => performance.now() >= moment);
      child.kill("SIGKILL");
      await ended;
      expect(readFileSync(path, "utf8")).toMatch(/^(a{300000}|b{300000})$/);
    }
    await hostAt(root).writeFile(file(path));
    expect(readdirSync(root)).toEqual(["server.properties"]);
  });

  test("a missing folder is said", async () => {
    const root = testFolder();
    expect((await faultOf(hostAt(root).writeFile(file(join(root, "no", "f")))))?.what).toMatch(
      /its folder is not there$/,
    );
  });
});

describe.runIf(isRoot && process.platform === "linux")("a disk that is", () => {
  function disk(options: string): string {
    const folder = testFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
    onTestFinished(() => void execFileSync("umount", [folder]));
    return folder;
  }

  test.each([
    [
      "full",
      "size=64k",
      /^no space is left to write /,
      (root: string) => writeFileSync(join(root, "filler"), "x".repeat(60_000)),
    ],
    [
      "out of inodes",
      "nr_inodes=3",
      /^no space is left to write /,
      (root: string) => writeFileSync(join(root, "filler"), ""),
    ],
    [
      "read-only",
      "size=64k",
      /the file system is read-only$/,
      (root: string) => void execFileSync("mount", ["-o", "remount,ro", root]),
    ],
  ])("%s: said, with the former content whole and nothing half-written", async (_, options, words, spoil) => {
    const root = disk(options);
    const path = join(root, "server.properties");
    await hostAt(root).writeFile(file(path, "old"));
    spoil(root);
    const fault = await faultOf(hostAt(root).writeFile(file(path, "y".repeat(20_000))));
    expect(fault).toMatchObject({ code: "local-io", where: path, what: expect.stringMatching(words) as string });
    expect(fault?.fix).toContain("run the same command again");
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(root).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

describe("makeFolder", () => {
  test("makes what is missing, the root too, with the mode; twice is once", async () => {
    const former = process.umask(0o077);
    onTestFinished(() => void process.umask(former));
    const root = join(testFolder(), ".kctl", "demo");
    const path = join(root, "kafka-1", "broker");
    await hostAt(root).makeFolder({ path, mode: 0o755 });
    await hostAt(root).makeFolder({ path, mode: 0o755 });
    for (const folder of [root, join(root, "kafka-1"), path]) expect(statSync(folder).mode & 0o7777).toBe(0o755);
    await hostAt(root).makeFolder({ path, mode: 0o700 });
    expect(statSync(path).mode & 0o7777).toBe(0o700);
    expect(statSync(root).mode & 0o7777).toBe(0o755);
  });

  test("a file in its place is said", async () => {
    const root = testFolder();
    writeFileSync(join(root, "data"), "precious");
    expect((await faultOf(hostAt(root).makeFolder({ path: join(root, "data"), mode: 0o755 })))?.what).toMatch(
      /data is a file, where kctl needs a folder$/,
    );
  });

  test("many at once", async () => {
    const root = join(testFolder(), "demo");
    const paths = Array.from({ length: 30 }, (_, index) => join(root, `kafka-${index % 3}`, `f${index}`));
    await Promise.all(paths.map((path) => hostAt(root).makeFolder({ path, mode: 0o750 })));
    expect(paths.every((path) => existsSync(path))).toBe(true);
  });
});

describe("removal", () => {
  test("a tree goes, what its links point to stays", async () => {
    const root = testFolder();
    const outside = testFolder();
    writeFileSync(join(outside, "precious"), "data");
    const tree = join(root, "kafka-1");
    mkdirSync(join(tree, "a", "b"), { recursive: true });
    writeFileSync(join(tree, "a", "b", "f"), "");
    symlinkSync(outside, join(tree, "a", "link"));
    await hostAt(root).removeTree(tree);
    await hostAt(root).removeTree(tree);
    expect(readdirSync(root)).toEqual([]);
    symlinkSync(outside, tree);
    await hostAt(root).removeTree(tree);
    expect(readdirSync(root)).toEqual([]);
    expect(readdirSync(outside)).toEqual(["precious"]);
  });

  test("nothing is removed through a link on the way", async () => {
    const root = testFolder();
    const outside = testFolder();
    mkdirSync(join(outside, "data"));
    symlinkSync(outside, join(root, "kafka-1"));
    for (const work of [
      () => hostAt(root).removeTree(join(root, "kafka-1", "data")),
      () => hostAt(root).removeFile(join(root, "kafka-1", "data")),
    ])
      await expect(work()).rejects.toThrow(/is a symbolic link, where kctl needs a folder/);
    expect(readdirSync(outside)).toEqual(["data"]);
  });

  test("removeFile takes plain files only, and one that is not there is fine", async () => {
    const root = testFolder();
    writeFileSync(join(root, "f"), "");
    symlinkSync(join(root, "g"), join(root, "link"));
    mkdirSync(join(root, "folder"));
    await hostAt(root).removeFile(join(root, "f"));
    await hostAt(root).removeFile(join(root, "f"));
    await hostAt(root).removeFile(join(root, "no", "such"));
    for (const name of ["link", "folder"])
      await expect(hostAt(root).removeFile(join(root, name))).rejects.toThrow(/needs a file/);
    expect(readlinkSync(join(root, "link"))).toBe(join(root, "g"));
  });

  test("the whole root", async () => {
    const root = join(testFolder(), "demo");
    mkdirSync(join(root, "a"), { recursive: true });
    await hostAt(root).removeTree(root);
    expect(existsSync(root)).toBe(false);
  });
});

describe("tail", () => {
  test("whole lines of the end; empty where there is no file", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const path = join(root, "server.log");
    expect(await host.tail(path, 10)).toBe("");
    writeFileSync(path, "first\nsécond\nthird\n");
    expect(await host.tail(path, 1000)).toBe("first\nsécond\nthird\n");
    expect(await host.tail(path, 12)).toBe("third\n");
    expect(await host.tail(path, 3)).toBe("");
    expect(await host.tail(root, 10)).toBe("");
    symlinkSync("/etc/passwd", join(root, "link"));
    expect(await host.tail(join(root, "link"), 10)).toBe("");
  });
});
