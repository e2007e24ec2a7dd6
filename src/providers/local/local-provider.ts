/** The local provider: every node is a folder on this machine, every service a process of this user. */
import { lstat, readdir, readFile, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { KctlError } from "../../fault.ts";
import { appendHistory, readHistory } from "../../hosts/local/history.ts";
import { localHosts } from "../../hosts/local/local-host.ts";
import { localShell } from "../../hosts/local/local-shell.ts";
import type { Spec } from "../../spec/schema.ts";
import type { Provider } from "../provider.ts";
import { acquireLock } from "./lock.ts";
import { localPlatform } from "./platform.ts";

type LocalSpec = Extract<Spec["provider"], { type: "local" }>;

export function localProvider(cluster: string, spec: LocalSpec, folder: string): Provider {
  const all = resolve(folder, spec.folder);
  const root = join(all, cluster);
  const receipt = join(root, "receipt.json");
  const history = join(root, "history.jsonl");
  const machine = (): ReturnType<typeof localHosts>[number] => {
    const [host] = localHosts(["this machine"], root);
    if (host === undefined) throw new RangeError("a machine has a host");
    return host;
  };
  return {
    platform: localPlatform(cluster, spec, folder),
    fleet: null,
    hosts: (nodes) => localHosts(nodes, root),
    takeIn: () => Promise.resolve(),
    lock: async (command) => {
      // No node can be called that.
      const lock = await acquireLock(join(root, ".lock"), { command });
      const release = async (): Promise<void> => {
        await lock.release();
        // Where nothing was made, or all of it was removed, the folder that held the lock goes as well.
        if (await removeIfEmpty(root)) await removeIfEmpty(all);
      };
      // The lock was written by this user just now: what another wrote is told by comparing, whatever the file system maps.
      const [mine, theirs] = await Promise.all([ownerOf(join(root, ".lock")), ownerOf(receipt)]);
      if (mine !== null && theirs !== null && mine !== theirs) {
        await release();
        throw anothers(cluster, receipt, theirs);
      }
      return { stillHeld: lock.stillHeld, release };
    },
    readReceipt: async () => {
      try {
        return await readFile(receipt, "utf8");
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    shell: localShell,
    login: null,
    receiptBehind: () => [],
    unreachable: () => false,
    writeReceipt: (text) => machine().writeFile({ path: receipt, mode: 0o640, content: text, member: null }),
    removeReceipt: async () => {
      await machine().removeFile(history);
      await machine().removeFile(receipt);
    },
    history: {
      append: async (entry) => {
        if ((await ownerOf(receipt)) !== null) await appendHistory(history, entry);
      },
      read: () => readHistory(history),
    },
    tidy: async (members) => {
      const roles = members.map(({ node, role }) => join(root, node, role));
      const nodes = [...new Set(members.map(({ node }) => join(root, node)))];
      await Promise.all(roles.map(removeIfEmpty));
      await Promise.all(nodes.map(removeIfEmpty));
      const left = await Promise.all([...roles, ...nodes].map(contents));
      return left.flat().filter((path) => !roles.includes(path));
    },
  };
}

/** Its servers run as that user: they would not be seen, and be taken for gone. */
function anothers(cluster: string, where: string, user: number): KctlError {
  return new KctlError({
    code: "local-io",
    where,
    what: `${cluster} belongs to another user of this machine (number ${user})`,
    fix: "run kctl as that user: what one user started, another cannot look after",
  });
}

async function ownerOf(path: string): Promise<number | null> {
  try {
    return (await lstat(path)).uid;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

async function contents(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).map((name) => join(folder, name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Something lies in it, a disk is mounted at it, or it lies where this user may remove nothing. */
const stays = new Set(["ENOTEMPTY", "EEXIST", "EBUSY", "EACCES", "EPERM"]);

/** @returns whether it is gone */
async function removeIfEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return true;
    if (error instanceof Error && "code" in error && stays.has(String(error.code))) return false;
    throw error;
  }
}
