/** What is known of a lab outside of any process: its folder, whose it is, and how all of it is taken away. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endGroup, removeGroup } from "./cgroups.ts";
import { detachAll, released } from "./loop.ts";
import { lives, tool, type Owner } from "./processes.ts";

export type Login = "root" | "admin";

export type HostRecord = { readonly name: string; readonly address: string };

/** lab.json. */
export type LabRecord = {
  readonly id: string;
  /** Null: nobody in particular; it stays until `down`. */
  readonly owner: Owner | null;
  readonly login: Login;
  readonly jump: HostRecord | null;
  readonly hosts: readonly HostRecord[];
  /** Of overlayfs, the upper one first. */
  readonly layers: readonly string[];
  readonly ec2: Ec2Record | null;
};

/** Of the lab's EC2 (ec2/). */
export type Ec2Record = {
  /** Instances that boot nothing. */
  readonly simulated: boolean;
  readonly python: string;
  readonly layers: readonly string[];
};

const allLabs = process.env["KCTL_LAB_STATE"] ?? "/var/lib/kctl-lab";

export const folderOf = (id: string): string => join(allLabs, id);

export const namespaceOf = (id: string): string => `kctl-lab-${id}`;

/** Of a client at 192.0.2.10, whom nobody knows. */
export const outsideOf = (id: string): string => `${namespaceOf(id)}.outside`;

/** The command that is put before another so that it runs in the lab's network. */
export const inside = (id: string): readonly string[] => ["nsenter", `--net=/run/netns/${namespaceOf(id)}`];

export function writeRecord(record: LabRecord): void {
  const file = join(folderOf(record.id), "lab.json");
  writeFileSync(`${file}.new`, JSON.stringify(record, null, 2));
  renameSync(`${file}.new`, file);
}

export function readRecord(id: string): LabRecord | null {
  try {
    return JSON.parse(readFileSync(join(folderOf(id), "lab.json"), "utf8")) as LabRecord;
  } catch {
    return null;
  }
}

/** The folder comes into being together with the record of whose it is. */
export function claim(record: LabRecord): void {
  const draft = join(allLabs, `.${record.id}-${process.pid}`);
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, "lab.json"), JSON.stringify(record, null, 2));
  if (existsSync(folderOf(record.id))) {
    rmSync(draft, { recursive: true });
    throw new Error(`there is a lab "${record.id}" already: \`npm run lab -- down\` removes it`);
  }
  renameSync(draft, folderOf(record.id));
}

/** Everything of it, whatever state it is in, also a second time: processes (with them their mounts), network, groups, folder. */
export async function removeLab(id: string): Promise<void> {
  await endGroup(id);
  await detachAll(folderOf(id));
  await released(folderOf(id));
  for (const name of [outsideOf(id), namespaceOf(id)]) {
    if (!existsSync(`/run/netns/${name}`)) continue;
    await tool("ip", "netns", "delete", name).catch((error: unknown) => {
      if (existsSync(`/run/netns/${name}`)) throw error;
    });
  }
  await removeGroup(id);
  rmSync(folderOf(id), { recursive: true, force: true, maxRetries: 5 });
}

/** Takes away the labs whose owner is gone: a killed run's. */
export async function sweep(): Promise<void> {
  if (!existsSync(allLabs)) return;
  for (const id of readdirSync(allLabs)) {
    const owner = readRecord(id)?.owner;
    if (owner !== null && owner !== undefined && !lives(owner)) await removeLab(id);
  }
}
