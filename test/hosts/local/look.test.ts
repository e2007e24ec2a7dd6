import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { localHosts } from "../../../src/hosts/local/local-host.ts";
import { parseStoredId } from "../../../src/hosts/stored-ids.ts";
import type { ObservedHost } from "../../../src/plan/observed.ts";
import type { DesiredHost } from "../../../src/services/desired.ts";
import { serviceIn, testFolder } from "./support.ts";

const never = new AbortController().signal;

async function look(root: string, desired: Partial<DesiredHost>): Promise<ObservedHost> {
  const [host] = localHosts(["kafka-1"], root);
  if (host === undefined) throw new Error("no host");
  return host.look(
    { node: "kafka-1", folders: [], files: [], processes: [], storedIds: [], storage: [], ...desired },
    never,
  );
}

const digest = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
const file = (path: string) => ({ path, mode: 0o640, content: "", member: null });

test("files and folders as they are", async () => {
  const root = testFolder();
  const at = (name: string): string => join(root, name);
  const mode = 0o600;
  const big = "x".repeat(64 * 1024 + 1);
  for (const [name, content] of [
    ["small", "a=ü\n"],
    ["empty", ""],
    ["big", big],
  ] as const)
    writeFileSync(at(name), content, { mode });
  chmodSync(at("small"), 0o604);
  mkdirSync(at("folder"));
  chmodSync(at("folder"), 0o750);
  symlinkSync(at("small"), at("link"));
  symlinkSync(at("folder"), at("folder-link"));
  execFileSync("mkfifo", [at("pipe")]);
  const names = ["small", "empty", "big", "folder", "link", "pipe", "none", "small/below"];
  const { files } = await look(root, { files: names.map((name) => file(at(name))) });
  expect(files).toEqual({
    [at("small")]: { kind: "file", digest: digest("a=ü\n"), mode: 0o604, content: "a=ü\n" },
    [at("empty")]: { kind: "file", digest: digest(""), mode, content: "" },
    [at("big")]: { kind: "file", digest: digest(big), mode, content: null },
    [at("folder")]: { kind: "other", what: "a folder" },
    [at("link")]: { kind: "other", what: "a symbolic link" },
    [at("pipe")]: { kind: "other", what: "a named pipe" },
    [at("none")]: { kind: "absent" },
    [at("small/below")]: { kind: "absent" },
  });
  const folders = ["folder", "folder-link", "small", "none"].map((name) => ({ path: at(name), mode: 0o750 }));
  expect((await look(root, { folders })).folders).toEqual({
    [at("folder")]: { kind: "folder", mode: 0o750 },
    [at("folder-link")]: { kind: "other", what: "a symbolic link" },
    [at("small")]: { kind: "other", what: "a file" },
    [at("none")]: { kind: "absent" },
  });
});

test("ports of what does not run are looked at, those of what runs are not", async () => {
  const root = testFolder();
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const service = serviceIn(root, undefined, { ports: { clients: port, internal: 1 } });
  expect((await look(root, { processes: [service] })).ports).toEqual({
    [String(port)]: { pid: process.pid, command: "node" },
    "1": null,
  });
  const [host] = localHosts(["kafka-1"], root);
  await host?.start(service);
  expect((await look(root, { processes: [service] })).ports).toEqual({});
});

describe("what data folders say", () => {
  test.each([
    ["myid", "3\n", { id: 3, clusterId: null, directoryId: null }],
    ["myid", " 3 ", { id: 3, clusterId: null, directoryId: null }],
    ["myid", "", { id: null, clusterId: null, directoryId: null }],
    ["myid", "3x", { id: null, clusterId: null, directoryId: null }],
    ["myid", "-1", { id: null, clusterId: null, directoryId: null }],
    [
      "meta.properties",
      "#\n#Mon\ncluster.id=iDHdi6p9T_WA2B5N_-bgkw\nversion=0\nbroker.id=7\n",
      { id: 7, clusterId: "iDHdi6p9T_WA2B5N_-bgkw", directoryId: null },
    ],
    [
      "meta.properties",
      "version=1\r\nnode.id = 3001\r\ncluster.id=abc\r\n",
      { id: 3001, clusterId: "abc", directoryId: null },
    ],
    ["meta.properties", "version=0\ncluster.id=abc\n", { id: null, clusterId: "abc", directoryId: null }],
    ["meta.properties", "version=0\nbroker.id=seven\n", { id: null, clusterId: null, directoryId: null }],
    ["meta.properties", "\0\0\0\0", { id: null, clusterId: null, directoryId: null }],
    ["meta.properties", "", { id: null, clusterId: null, directoryId: null }],
    [
      "meta.properties",
      "node.id=1\ndirectory.id=8pXjMkPpTGGjb0ANGnOkbg\ncluster.id=abc\nversion=1\n",
      { id: 1, clusterId: "abc", directoryId: "8pXjMkPpTGGjb0ANGnOkbg" },
    ],
  ] as const)("%s %j", (form, content, identity) => {
    expect(parseStoredId(form, content)).toEqual(identity);
  });

  test("one that is not there is not told; one that is no file is damaged", async () => {
    const root = testFolder();
    writeFileSync(join(root, "myid"), "2\n");
    mkdirSync(join(root, "meta.properties"));
    const storedIds = [
      { member: "a/zookeeper", path: join(root, "myid"), form: "myid" },
      { member: "a/broker", path: join(root, "meta.properties"), form: "meta.properties" },
      { member: "b/broker", path: join(root, "none"), form: "meta.properties" },
    ] as const;
    expect((await look(root, { storedIds })).identities).toEqual({
      "a/zookeeper": { id: 2, clusterId: null, directoryId: null },
      "a/broker": { id: null, clusterId: null, directoryId: null },
    });
  });
});

test("an interrupted look does not begin", async () => {
  const root = testFolder();
  const [host] = localHosts(["kafka-1"], root);
  const desired: DesiredHost = { node: "kafka-1", folders: [], files: [], processes: [], storedIds: [], storage: [] };
  await expect(host?.look(desired, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
});

test("three nodes of two services each, in a few milliseconds", async () => {
  const root = testFolder();
  const nodes = ["kafka-1", "kafka-2", "kafka-3"];
  const desired = nodes.map((node): DesiredHost => {
    const members = ["zookeeper", "broker"].map((role) => {
      const folder = join(root, node, role);
      for (const name of ["config", "data", "log", "run"]) mkdirSync(join(folder, name), { recursive: true });
      const files = ["jvm.args", "server.properties", "log4j.properties"].map((name) =>
        file(join(folder, "config", name)),
      );
      for (const { path } of files) writeFileSync(path, "key=value\n".repeat(40));
      writeFileSync(join(folder, "data", "myid"), "1\n");
      const process = {
        ...serviceIn(root),
        key: `${node}/${role}`,
        node,
        mark: `@${folder}`,
        pidFile: join(folder, "run", "pid"),
        ports: { clients: 1, internal: 2 },
      };
      return { folder, files, process };
    });
    return {
      node,
      folders: members.flatMap(({ folder }) =>
        ["config", "data", "log", "run"].map((name) => ({ path: join(folder, name), mode: 0o750 })),
      ),
      files: members.flatMap(({ files }) => files),
      processes: members.map(({ process }) => process),
      storage: [],
      storedIds: members.map(({ folder, process }) => ({
        member: process.key,
        path: join(folder, "data", "myid"),
        form: "myid",
      })),
    };
  });
  const times: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const started = performance.now();
    const hosts = localHosts(nodes, root);
    const seen = await Promise.all(hosts.map((host, index) => host.look(desired[index] as DesiredHost, never)));
    times.push(performance.now() - started);
    expect(seen.flatMap(({ files }) => Object.values(files)).filter(({ kind }) => kind === "file")).toHaveLength(18);
  }
  // The best of ten: what else this machine does is not of interest here.
  expect(Math.min(...times)).toBeLessThan(30);
  rmSync(root, { recursive: true });
});
