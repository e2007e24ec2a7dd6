/** What is written to a standard output that takes nothing. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const program = `
  import { writeBytes } from ${JSON.stringify(join(import.meta.dirname, "../../src/cli/write.ts"))};
  await writeBytes(process.stdout)(Buffer.from("x")).catch((error) => console.error(error.message));
`;

test.each([
  ["a disk that is full", "/dev/full", "w", "ENOSPC: no space left on device, write\n"],
  ["a file that is open for reading alone", "/dev/null", "r", "EBADF: bad file descriptor, write\n"],
])("%s rejects the write, and ends with 1 and without a stack", (_, path, flags, what) => {
  const out = openSync(path, flags);
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", out, "pipe"],
    encoding: "utf8",
  });
  closeSync(out);
  expect({ stderr, status }).toEqual({ stderr: what, status: 1 });
});
