import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestFile, parseDigestFile, sha512Of } from "../../src/artifacts/digest.ts";
import { injectFault } from "../faults/fault.ts";
import { sha512, temporary } from "./support.ts";

const file = "kafka_2.13-3.9.1.tgz";
const digits = fc.stringMatching(/^[0-9a-f]{128}$/);
const lineEnd = fc.constantFrom("\n", "\r\n");

/** As `gpg --print-md SHA512` writes it: groups of eight, four to a line, the rest indented under the first. */
function gpgForm(digest: string, name: string, end: string): string {
  const groups = digest.toUpperCase().match(/.{8}/g) ?? [];
  const indent = " ".repeat(name.length + 2);
  const rows = [0, 4, 8, 12].map((at) => groups.slice(at, at + 4).join(" "));
  return `${name}: ${rows.join(`${end}${indent}`)}${end}`;
}

describe("a .sha512", () => {
  injectFault(63, "a .sha512 in each form there is, gpg's of many lines too, with either end of line", async () => {
    fc.assert(
      fc.property(digits, lineEnd, (digest, end) => {
        const forms = [
          digestFile(digest, file),
          `${digest}${end}`,
          digest,
          `${digest} *${file}${end}`,
          `${digest}  ./${file}${end}`,
          `SHA512 (${file}) = ${digest}${end}`,
          `SHA2-512(${file})= ${digest}${end}`,
          gpgForm(digest, file, end),
        ];
        for (const form of forms) expect(parseDigestFile(form, file)).toBe(digest);
      }),
    );
    return "each gives its digest";
  });

  test("of several files gives that of the one asked for", () => {
    const [a, b] = ["a".repeat(128), "b".repeat(128)];
    expect(parseDigestFile(`${a}  other.tgz\n${b}  ${file}\n`, file)).toBe(b);
  });

  test.each([
    ["", "empty"],
    ["<html>404</html>", "a page"],
    [`${"a".repeat(127)}  ${file}`, "a digit short"],
    [`${"a".repeat(129)}  ${file}`, "a digit long"],
    [`${"a".repeat(128)}  other.tgz`, "another file"],
    [gpgForm("a".repeat(120), file, "\n"), "gpg's form cut short"],
    [gpgForm("a".repeat(128), "other.tgz", "\n"), "gpg's form of another file"],
  ])("that holds %j is refused: %s", (text) => {
    expect(parseDigestFile(text, file)).toBeNull();
  });

  injectFault(63, "a .sha512 written by gpg itself, as Kafka's are", async () => {
    const folder = await temporary();
    await writeFile(join(folder, file), "content");
    const text = execFileSync("gpg", ["--homedir", folder, "--print-md", "SHA512", file], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(parseDigestFile(text, file)).toBe(sha512(Buffer.from("content")));
    return "it gives its digest";
  });
});

test("a file's digest is that of its bytes", async () => {
  const path = join(await temporary(), "f");
  const bytes = Buffer.alloc(3_000_001, 7);
  await writeFile(path, bytes);
  expect(await sha512Of(path, new AbortController().signal)).toBe(sha512(bytes));
});
