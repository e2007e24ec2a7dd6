/**
 * One kctl at a time on a cluster before it has any host: a key pair that can be made only once by its name, and that nobody logs in with.
 *
 * Whose it is stands in its tags: who, since when, and until when by EC2's own clock. It is renewed while kctl lives. One that was
 * not renewed in time, or whose process has ended on this very machine, is removed by its id (which no later one has) and made anew:
 * of two that do so at the same time, EC2 lets one.
 */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import {
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DescribeKeyPairsCommand,
  ImportKeyPairCommand,
} from "@aws-sdk/client-ec2";
import { KctlError } from "../../fault.ts";
import { lockName } from "../../ec2/listed-clusters.ts";
import { clusterTag } from "../../ec2/seen.ts";
import { processesOf } from "../../hosts/local/machine.ts";
import type { Lock } from "../provider.ts";
import type { Api } from "./api.ts";
import { codeOf, isNotFound } from "./api-fault.ts";
import { tagsFrom } from "./observe.ts";

const leaseMs = 180_000;
const renewMs = 60_000;

/** What a lock's tags say; values of tags have at most 256 characters. */
const words = { token: "kctl:lock-token", holder: "kctl:lock-holder", until: "kctl:lock-until" } as const;

type Holder = {
  readonly command: string;
  readonly by: string;
  readonly pid: number;
  readonly birth: string;
  /** Of the machine: a process is only looked for on the one that it runs on. */
  readonly machine: string;
  readonly since: string;
};

type Found = { readonly id: string; readonly token: string; readonly until: number; readonly holder: Holder | null };

/** Throws `locked` where a living kctl holds it; never waits. */
export async function acquireCloudLock(
  api: Api,
  { cluster, command, publicKey }: { readonly cluster: string; readonly command: string; readonly publicKey: string },
): Promise<Lock> {
  const token = randomUUID();
  const holder = await thisHolder(command, new Date(api.now()).toISOString());
  for (let attempt = 0; ; attempt += 1) {
    const id = await make(api, cluster, { token, holder, publicKey });
    if (id !== null) return keep(api, id);
    const found = await find(api, cluster);
    if (found?.token === token) return keep(api, found.id);
    if (found !== null && !(await isOver(api, found))) throw locked(found, api.now());
    if (found !== null) await remove(api, found.id);
    if (attempt > 20)
      throw new KctlError({
        code: "locked",
        what: `other kctls keep locking ${cluster}`,
        fix: "run the command again",
      });
  }
}

/** Null: there is one of that name already. */
async function make(
  api: Api,
  cluster: string,
  { token, holder, publicKey }: { token: string; holder: Holder; publicKey: string },
): Promise<string | null> {
  const tags = {
    [clusterTag]: cluster,
    [words.token]: token,
    [words.holder]: JSON.stringify(holder).slice(0, 256),
    [words.until]: new Date(api.now() + leaseMs).toISOString(),
  };
  try {
    const { KeyPairId } = await api.call((client, options) =>
      client.send(
        new ImportKeyPairCommand({
          KeyName: lockName(cluster),
          PublicKeyMaterial: Buffer.from(publicKey),
          TagSpecifications: [
            { ResourceType: "key-pair", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
          ],
        }),
        options,
      ),
    );
    return KeyPairId ?? null;
  } catch (error) {
    if (codeOf(error) === "InvalidKeyPair.Duplicate") return null;
    throw error;
  }
}

async function find(api: Api, cluster: string): Promise<Found | null> {
  const { KeyPairs: [one] = [] } = await api.call((client, options) =>
    client.send(new DescribeKeyPairsCommand({ Filters: [{ Name: "key-name", Values: [lockName(cluster)] }] }), options),
  );
  if (one?.KeyPairId === undefined) return null;
  const tags = tagsFrom(one.Tags);
  if (tags[clusterTag] !== cluster)
    throw new KctlError({
      code: "aws-not-ours",
      what: `there is a key pair ${lockName(cluster)} (${one.KeyPairId}) that kctl did not make`,
      fix: "remove or rename it if it is yours, or give the cluster another name",
    });
  return {
    id: one.KeyPairId,
    token: tags[words.token] ?? "",
    until: Date.parse(tags[words.until] ?? ""),
    holder: parseHolder(tags[words.holder]),
  };
}

function parseHolder(text: string | undefined): Holder | null {
  try {
    return JSON.parse(text ?? "null") as Holder | null;
  } catch {
    return null;
  }
}

async function isOver(api: Api, { until, holder }: Found): Promise<boolean> {
  if (Number.isNaN(until) || until < api.now()) return true;
  if (holder === null || holder.machine !== machineId()) return false;
  return (await processesOf(process.platform).birthOf(holder.pid)) !== holder.birth;
}

async function remove(api: Api, id: string): Promise<void> {
  try {
    await api.call((client, options) => client.send(new DeleteKeyPairCommand({ KeyPairId: id }), options));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function keep(api: Api, id: string): Lock {
  let lost = false;
  let until = api.now() + leaseMs;
  const renew = async (): Promise<void> => {
    const next = api.now() + leaseMs;
    try {
      await api.call((client, options) =>
        client.send(
          new CreateTagsCommand({ Resources: [id], Tags: [{ Key: words.until, Value: new Date(next).toISOString() }] }),
          options,
        ),
      );
      until = next;
    } catch (error) {
      if (isNotFound(error)) lost = true;
    }
  };
  const timer = setInterval(() => void renew(), renewMs).unref();
  return {
    stillHeld: async () => {
      // This machine slept: somebody may have taken it over, and then it is not there any more.
      if (!lost && api.now() > until) await renew();
      return !lost && api.now() <= until;
    },
    release: async () => {
      clearInterval(timer);
      if (!lost) await remove(api, id);
    },
  };
}

async function thisHolder(command: string, since: string): Promise<Holder> {
  const birth = (await processesOf(process.platform).birthOf(process.pid)) ?? "";
  const by = `${userInfo().username}@${hostname()}`.slice(0, 60);
  return { command: command.slice(0, 20), by, pid: process.pid, birth, machine: machineId(), since };
}

/** The same for every process of this boot of this machine, and no other's. */
function machineId(): string {
  let text = hostname();
  for (const file of ["/etc/machine-id", "/proc/sys/kernel/random/boot_id"]) {
    try {
      text += readFileSync(file, "utf8");
    } catch {
      // Not every system has it: then the name alone must do, together with the moment that a process was born in.
    }
  }
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function locked({ holder, until }: Found, now: number): KctlError {
  const who =
    holder === null
      ? "one that left no name"
      : `\`${holder.command}\`, process ${holder.pid} of ${holder.by}, since ${holder.since}`;
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  return new KctlError({
    code: "locked",
    what: `another kctl is at work on this cluster: ${who}`,
    fix: `wait until it is done, or stop it; the lock of one that was killed ends by itself, this one in ${left} s unless it is renewed`,
  });
}
