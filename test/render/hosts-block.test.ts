/** kctl's block of /etc/hosts: nothing else in the file changes, and the script that runs at boot does the very same. */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conflicts, withBlock, withoutBlock } from "../../src/render/hosts-block.ts";
import { hostsLines, hostsText } from "../../src/render/hosts-unit.ts";
import type { HostsBlock } from "../../src/services/desired.ts";

const blockOf = (cluster: string, last = 11): HostsBlock => ({
  cluster,
  entries: [{ address: `10.0.0.${last}`, names: ["kafka-1", `kafka-1.${cluster}`] }],
});
const demo = blockOf("demo");
const text = "# >>> kctl demo\n10.0.0.11\tkafka-1 kafka-1.demo\n# <<< kctl demo\n";
const other = hostsLines(blockOf("alpha"));
const later = hostsLines(blockOf("zeta"));
const localhost = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

const table: readonly (readonly [name: string, before: string | null, after: string])[] = [
  ["a missing file", null, text + localhost],
  ["an empty file", "", text],
  ["lines of others", "127.0.1.1 kafka-1\n", `${text}127.0.1.1 kafka-1\n`],
  ["no last newline", "10.9.9.9 x", `${text}10.9.9.9 x`],
  ["CRLF", "10.9.9.9 x\r\n\r\n", `${text}10.9.9.9 x\r\n\r\n`],
  ["a block as it should be", `${text}1.2.3.4 x\n`, `${text}1.2.3.4 x\n`],
  ["an older block", `${hostsLines(blockOf("demo", 99))}1.2.3.4 x\n`, `${text}1.2.3.4 x\n`],
  ["a block turned to CRLF", text.replaceAll("\n", "\r\n"), text],
  ["a block that was moved down", `127.0.1.1 kafka-1\n${text}`, `${text}127.0.1.1 kafka-1\n`],
  ["a block that stands twice", text + text, text],
  ["a block without its end", "# >>> kctl demo\n1.2.3.4 x\n", `${text}1.2.3.4 x\n`],
  ["a block without its beginning", "1.2.3.4 x\n# <<< kctl demo\n", `${text}1.2.3.4 x\n`],
  ["an end before its beginning", "# <<< kctl demo\n1.2.3.4 x\n# >>> kctl demo\n", `${text}1.2.3.4 x\n`],
  ["a block without its end before another's", `# >>> kctl demo\n${other}1.2.3.4 x\n`, `${other}${text}1.2.3.4 x\n`],
  ["a cluster that sorts before", `${other}1.2.3.4 x\n`, `${other}${text}1.2.3.4 x\n`],
  ["a cluster that sorts after", `${later}1.2.3.4 x\n`, `${text}${later}1.2.3.4 x\n`],
  ["two others", other + later, other + text + later],
  ["another's damaged block", "# >>> kctl alpha\n1.2.3.4 x\n", `${text}# >>> kctl alpha\n1.2.3.4 x\n`],
  ["another's block without last newline", other.trimEnd(), text + other.trimEnd()],
  ["another whose name begins like it", hostsLines(blockOf("demo-2")), text + hostsLines(blockOf("demo-2"))],
];

/** Whatever may stand in the file, markers of any cluster among it. */
const pieces = [
  "127.0.1.1 kafka-1",
  "10.9.9.9 x # y",
  "",
  "  ",
  "# >>> kctl alpha",
  "# <<< kctl alpha",
  "# >>> kctl zeta",
  "# <<< kctl zeta",
  "# >>> kctl ",
  "é\\n %s $x",
  "10.0.0.11	kafka-1 kafka-1.demo",
];
const fileOf = (lines: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom(...lines), fc.constantFrom("\n", "\n", "\r\n")), { maxLength: 12 }),
      fc.constantFrom("", "", ...lines),
    )
    .map(([whole, last]) => whole.map(([line, end]) => line + end).join("") + last);
const foreign = fileOf(pieces);
const any = fileOf([...pieces, "# >>> kctl demo", "# <<< kctl demo"]);

describe("the block", () => {
  test.each(table)("%s", (_, before, after) => {
    expect(withBlock(before, demo)).toBe(after);
  });

  test("taken out again, the file is what it was", () => {
    fc.assert(
      fc.property(fc.oneof(foreign, fc.string({ unit: "binary" })), (content) => {
        expect(withoutBlock(withBlock(content, demo), "demo")).toBe(content);
      }),
      { numRuns: 2000 },
    );
  });

  test("put in twice is put in once, and two clusters do not move each other's", () => {
    fc.assert(
      fc.property(any, (content) => {
        const once = withBlock(content, demo);
        expect(withBlock(once, demo)).toBe(once);
        const both = withBlock(once, blockOf("beta"));
        expect(withBlock(both, demo)).toBe(both);
        expect(withBlock(withBlock(both, demo), blockOf("beta"))).toBe(both);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["10.9.9.9 kafka-1", [{ name: "kafka-1", address: "10.9.9.9", wanted: "10.0.0.11" }]],
    ["10.9.9.9 x KAFKA-1.demo # y", [{ name: "KAFKA-1.demo", address: "10.9.9.9", wanted: "10.0.0.11" }]],
    ["10.0.0.11 kafka-1\r", []],
    ["127.0.1.1 kafka-1", []],
    ["# 10.9.9.9 kafka-1", []],
    ["10.9.9.9 x # kafka-1", []],
  ])("a line of others that gives a name another address: %s", (line, found) => {
    expect(conflicts(withBlock(`${line}\n`, demo), demo)).toEqual(found);
  });
});

const shells = [["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([command = ""]) => spawnSync(command, ["--help"], { stdio: "ignore" }).error === undefined,
);

describe("the script at boot", () => {
  let folder = "";
  let template = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kctl-hosts-"));
    template = await readFile(join(import.meta.dirname, "../../templates/restore-hosts.sh"), "utf8");
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function setUp(block: HostsBlock): Promise<string> {
    const own = join(folder, block.cluster);
    await mkdir(own, { recursive: true });
    await writeFile(join(own, "hosts"), hostsLines(block));
    await writeFile(join(own, "restore-hosts"), hostsText(template, block.cluster, own));
    return join(own, "restore-hosts");
  }

  test.each(shells)("in %s it does what withBlock does, and nothing where nothing is to be done", async (...shell) => {
    const script = await setUp(demo);
    const hosts = join(folder, "etc-hosts");
    const samples = [...table.map(([, before]) => before), ...fc.sample(any, { numRuns: 60, seed: 51 })];
    const [command = "", ...options] = shell;
    for (const before of samples) {
      await rm(hosts, { force: true });
      if (before !== null) await writeFile(hosts, before, { mode: 0o640 });
      const { status, stderr } = spawnSync(command, [...options, script, hosts, join(folder, "lock")], {
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, ""]);
      expect(await readFile(hosts, "utf8")).toBe(withBlock(before, demo));
      expect((await stat(hosts)).mode & 0o777).toBe(before === null ? 0o644 : 0o640);
    }
    const { ino } = await stat(hosts);
    expect(spawnSync(command, [...options, script, hosts, join(folder, "lock")]).status).toBe(0);
    expect((await stat(hosts)).ino).toBe(ino);
    expect((await readdir(folder)).filter((name) => name.startsWith(".hosts"))).toEqual([]);
  });

  test("without the kept block it fails and leaves the file", async () => {
    const script = await setUp(blockOf("gone"));
    await rm(join(folder, "gone/hosts"));
    const hosts = join(folder, "left");
    await writeFile(hosts, localhost);
    expect(spawnSync("sh", [script, hosts, join(folder, "lock")]).status).not.toBe(0);
    expect(await readFile(hosts, "utf8")).toBe(localhost);
  });
});
