import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jvmArguments } from "../../src/render/jvm-arguments.ts";
import { properties, valueOfLine } from "../../src/render/properties.ts";

/** Reads every properties file with java.util.Properties and prints its pairs as hexadecimal UTF-16. */
const reader = `
import java.io.*; import java.util.*;
public class Read {
  static String hex(String s) { StringBuilder b = new StringBuilder(); for (char c : s.toCharArray()) b.append(String.format("%04x", (int) c)); return b.toString(); }
  public static void main(String[] files) throws Exception {
    for (String file : files) {
      Properties p = new Properties();
      try (InputStream in = new FileInputStream(file)) { p.load(in); }
      for (String k : new TreeMap<String, String>((Map) p).keySet()) System.out.println(hex(k) + " " + hex(p.getProperty(k)));
      System.out.println("--");
    }
  }
}`;

/** Prints its system property and arguments as hexadecimal UTF-16. */
const echo = `
public class Echo {
  static String hex(String s) { StringBuilder b = new StringBuilder(); for (char c : s.toCharArray()) b.append(String.format("%04x", (int) c)); return b.toString(); }
  public static void main(String[] args) { System.out.println(hex(System.getProperty("kctl.a"))); }
}`;

const hex = (text: string): string =>
  Array.from({ length: text.length }, (_, index) => text.charCodeAt(index).toString(16).padStart(4, "0")).join("");
const run = promisify(execFile);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kctl-properties-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const nasty = [
  "",
  " ",
  "a b",
  " lead",
  "trail ",
  "a=b",
  "a:b",
  "#x",
  "!x",
  "a\\",
  "\\",
  "a\\nb",
  "a\nb",
  "\t",
  "\r\n",
  "é",
  "😀",
  "\u0000",
  "${x}",
  '"q"',
  "'",
  "a#b",
  "\u2028",
  "\ud800",
];

describe("a properties file", () => {
  test("a line of it says which value went in", () => {
    const text = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: "binary", maxLength: 12 }));
    fc.assert(
      fc.property(text, text, (key, value) => {
        const [, line = ""] = properties("test", [{ key, value, section: null }]).split("\n");
        expect(valueOfLine(line)).toBe(value);
      }),
    );
  });

  test("java.util.Properties reads back exactly what went in", async () => {
    const text = fc.oneof(
      fc.constantFrom(...nasty),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ maxLength: 12 }),
    );
    const samples = [
      ...fc.sample(fc.dictionary(text, text, { maxKeys: 12 }), { numRuns: 200, seed: 85 }),
      Object.fromEntries(nasty.map((value, index) => [`k${index}`, value])),
      Object.fromEntries(nasty.map((key) => [key, key])),
    ];
    const source = join(folder, "Read.java");
    await writeFile(source, reader);
    const files = await Promise.all(
      samples.map(async (sample, index) => {
        const file = join(folder, `${index}.properties`);
        await writeFile(
          file,
          properties(
            "é test",
            Object.entries(sample).map(([key, value]) => ({ key, value, section: null })),
          ),
        );
        return file;
      }),
    );
    const { stdout } = await run("java", [source, ...files], { maxBuffer: 64 * 1024 * 1024 });
    const read = stdout
      .split("--\n")
      .slice(0, -1)
      .map((part) => part.split("\n").slice(0, -1).toSorted());
    expect(read).toEqual(
      samples.map((sample) =>
        Object.entries(sample)
          .map(([key, value]) => `${hex(key)} ${hex(value)}`)
          .toSorted(),
      ),
    );
  });

  test("a key that stands twice keeps its place and takes the later value", () => {
    expect(
      properties("c", [
        { key: "a", value: "1", section: null },
        { key: "b", value: "2", section: null },
        { key: "a", value: "3", section: null },
      ]),
    ).toBe("# c\na=3\nb=2\n");
  });
});

describe("a file of JVM arguments", () => {
  test("the launcher reads back exactly what went in", async () => {
    const source = join(folder, "Echo.java");
    await writeFile(source, echo);
    for (const value of ["plain", "a b", 'say "x"', "back\\slash", "#hash", "tab\there", "/x y/libs/*", "it's"]) {
      const file = join(folder, "jvm.args");
      await writeFile(file, jvmArguments([`-Dkctl.a=${value}`]));
      const { stdout } = await run("java", [`@${file}`, source]);
      expect(stdout.trim()).toBe(hex(value));
    }
  }, 60_000);
});
