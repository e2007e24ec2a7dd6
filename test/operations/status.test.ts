/** What status says of a service whose process is not there. */
import { expect, test } from "vitest";
import { serviceState } from "../../src/operations/status.ts";
import { changed, running, world } from "../plan/support/world.ts";

const spec = {
  nodes: [{ name: "n", roles: ["zookeeper", "broker", "connect", "burrow"] }],
  burrow: { version: "1.9.5", archive: "/b.tar.gz", sha512: "0a".repeat(64) },
};

test.each(["zookeeper", "broker", "connect", "burrow"])("%s: stopped where its files are, else absent", (role) => {
  const now = world(spec);
  const { files = [], processes = [] } = now.desired.hosts[0] ?? {};
  const process = processes.find((one) => one.role === role);
  if (process === undefined) throw new Error(`no ${role}`);
  const all = running(now);
  const ended = changed(all, "n", ({ processes: seen }) => ({
    processes: { ...seen, [process.key]: { state: "absent" } },
  }));
  const own = files.filter(({ member }) => member === process.key).map(({ path }) => path);
  const gone = changed(ended, "n", ({ files: seen }) => ({
    files: { ...seen, ...Object.fromEntries(own.map((path) => [path, { kind: "absent" } as const])) },
  }));
  const stateIn = ({ hosts }: typeof all): string => serviceState(process, files, hosts["n"]);
  expect([all, ended, gone].map(stateIn)).toEqual(["running", "stopped", "absent"]);
  expect(serviceState(process, files, undefined)).toBe("unknown");
});
