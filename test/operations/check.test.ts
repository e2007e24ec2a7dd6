/** `check` with provider local, on this machine: what it says of a port that somebody has, and of heaps larger than any memory. */
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { check, type Checked } from "../../src/operations/check.ts";

async function checked(spec: string): Promise<Checked & { readonly left: readonly string[] }> {
  const cwd = mkdtempSync(join(tmpdir(), "kctl-check-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, "kctl.yaml"), spec);
  const found = await check({
    specFile: "kctl.yaml",
    cwd,
    env: { ...process.env, KCTL_CACHE: join(cwd, "cache") },
    platform: process.platform,
    home: cwd,
    emit: () => undefined,
    signal: new AbortController().signal,
    concurrency: 8,
    timeoutSeconds: 10,
    ask: null,
    askSecret: null,
    atEnd: () => undefined,
  });
  return { ...found, left: readdirSync(cwd) };
}

test("a port that somebody has is named with who it is, and nothing is made", async () => {
  const stranger = createServer();
  await once(stranger.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void stranger.close());
  const { port } = stranger.address() as { port: number };
  const { cluster, findings, left } = await checked(`name: demo
provider: { type: local, port: ${port} }
kafka: { version: 3.9.1 }
nodes: [{ name: n, roles: [zookeeper, broker] }]
`);
  expect(cluster).toBe("demo");
  expect(findings.filter(({ id, what }) => id === "port-taken" && what.includes(`port ${port},`))).toEqual([
    {
      id: "port-taken",
      node: "n",
      level: "error",
      what: expect.stringMatching(
        `^port ${port}, n/broker's clients port, is held by process ${process.pid} `,
      ) as string,
      measured: "taken",
      wanted: "free",
      fix: "stop that process, or choose another `provider.port`",
    },
  ]);
  expect(left).toEqual(["kctl.yaml"]);
});

test("the heaps of all nodes count against the memory of the machine that they share", async () => {
  const { findings } = await checked(`name: demo
provider: { type: local, port: 23092 }
kafka: { version: 3.9.1, heap: 4096GiB }
nodes: [{ group: n, count: 3, roles: [zookeeper, broker] }]
`);
  const errors = findings.filter(({ id, level }) => id === "memory" && level === "error");
  expect(errors.map(({ id, node, measured }) => [id, node, measured])).toEqual([
    ["memory", null, expect.stringMatching(/^\d+ MiB of memory$/)],
  ]);
});
