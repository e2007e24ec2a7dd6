/** What is watched ends once nobody reads it any more. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const source = (name: string): string => JSON.stringify(join(import.meta.dirname, `../../src/cli/${name}.ts`));
const program = `
  import { watch } from ${source("watch")};
  import { write } from ${source("write")};
  let looks = 0;
  const show = (look) => write(process.stdout)(String(look));
  const { signal } = new AbortController();
  const { last, interrupted } = await watch(async () => (looks += 1), show, { seconds: 0.2, signal });
  console.error(JSON.stringify({ last, interrupted }));
`;

test("where its reader has seen enough", () => {
  const command = '"$0" --input-type=module --eval "$1" | head -n 2';
  const { stdout, stderr, status } = spawnSync("sh", ["-c", command, process.execPath, program], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect({ stdout, status }).toEqual({ stdout: "1\n2\n", status: 0 });
  expect(JSON.parse(stderr)).toMatchObject({ interrupted: false });
});
