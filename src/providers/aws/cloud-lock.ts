/**
 * One kctl at a time on a cluster before it has any host: a key pair that can be made only once by its name, and that nobody logs in with.
 *
 * Whose it is stands in its tags: who, since when, and until when by EC2's own clock. It is renewed while kctl lives. One that was
 * not renewed in time, or whose process has ended on this very machine, is removed by its id (which no later one has) and made anew:
 * of two that do so at the same time, EC2 lets one.
 */
import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import {
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DescribeKeyPairsCommand,
  ImportKeyPairCommand,
} from "@aws-sdk/client-ec2";
import { KctlError } from "../../fault.ts";
import { lockName } from "../../ec2/listed-clusters.ts";
import { clusterTag } from "../../ec2/seen.ts";
import { hasEnded, thisProcess, type ProcessMark } from "../../hosts/local/this-process.ts";
import type { Lock } from "../provider.ts";
import type { Api } from "./api.ts";
import { codeOf, isNotFound } from "./api-fault.ts";
import { tagsFrom } from "./observe.ts";

const leaseMs = 180_000;
const renewMs = 60_000;
/** How far two machines' views of EC2's clock may be apart. */
const doubtMs = 10_000;
/** A lock that cannot be given back in this time ends by itself. */
const releaseMs = 10_000;

/** What a lock's tags say; values of tags have at most 256 characters. */
const words = { token: "kctl:lock-token", holder: "kctl:lock-holder", until: "kctl:lock-until" } as const;

type Holder = ProcessMark & { readonly command: string; readonly by: string; readonly since: string };

type Found = { readonly id: string; readonly token: string; readonly until: number; readonly holder: Holder | null };

type Wish = { readonly cluster: string; readonly command: string; readonly publicKey: string };

/**
 * Throws `locked` where a living kctl holds it; never waits.
 * @param api of its own: calls of the cluster's are made only while the lock is held, and must not be in the way of its renewal
 */
export async function acquireCloudLock(api: Api, { cluster, command, publicKey }: Wish): Promise<Lock> {
  const token = randomUUID();
  const holder = await thisHolder(command, new Date(api.now()).toISOString());
  for (let attempt = 0; ; attempt += 1) {
    const id = await make(api, cluster, { token, holder, publicKey });
    if (id !== null) return keep(api, cluster, { id, token });
    const found = await find(api, cluster);
    if (found?.token === token) return keep(api, cluster, { id: found.id, token });
    if (found !== null && !(await isOver(api, found))) throw locked(found, api.now());
    if (found !== null) await remove(api, found.id);
    // It was given back just now, or EC2 does not show it everywhere yet.
    else await delay(Math.min(attempt * 100, 2000));
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
    if (mayHaveHappened(error)) await giveBack(api, cluster, token);
    throw error;
  }
}

/** The command was interrupted, or the answer was lost. */
function mayHaveHappened(error: unknown): boolean {
  return !(error instanceof KctlError) || error.faults.some(({ code }) => /^(interrupted|aws-unreachable)$/.test(code));
}

async function find(api: Api, cluster: string, signal?: AbortSignal): Promise<Found | null> {
  const Filters = [{ Name: "key-name", Values: [lockName(cluster)] }];
  const { KeyPairs: [one] = [] } = await api.call(
    (client, options) => client.send(new DescribeKeyPairsCommand({ Filters }), options),
    signal,
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
  return Number.isNaN(until) || until + doubtMs < api.now() || hasEnded(holder ?? {});
}

async function remove(api: Api, id: string, signal?: AbortSignal): Promise<void> {
  try {
    await api.call((client, options) => client.send(new DeleteKeyPairCommand({ KeyPairId: id }), options), signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Also after the command was interrupted. Never throws: what stays ends by itself. */
async function giveBack(api: Api, cluster: string, token: string): Promise<void> {
  const signal = AbortSignal.timeout(releaseMs);
  try {
    const found = await find(api, cluster, signal);
    if (found?.token === token) await remove(api, found.id, signal);
  } catch {
    // EC2 cannot be reached, or is asked in vain.
  }
}

function keep(api: Api, cluster: string, { id, token }: { readonly id: string; readonly token: string }): Lock {
  let lost = false;
  let until = api.now() + leaseMs;
  const renew = async (): Promise<void> => {
    const signal = AbortSignal.timeout(renewMs);
    try {
      // This machine slept: somebody may have taken it over.
      if (api.now() > until && (await find(api, cluster, signal))?.token !== token) lost = true;
      if (lost) return;
      const next = api.now() + leaseMs;
      const Tags = [{ Key: words.until, Value: new Date(next).toISOString() }];
      await api.call(
        (client, options) => client.send(new CreateTagsCommand({ Resources: [id], Tags }), options),
        signal,
      );
      until = next;
    } catch (error) {
      if (isNotFound(error)) lost = true;
    }
  };
  let renewal: Promise<void> | null = null;
  const renewOnce = (): Promise<void> => (renewal ??= renew().finally(() => (renewal = null)));
  const timer = setInterval(() => void renewOnce(), renewMs).unref();
  return {
    stillHeld: async () => {
      if (!lost && api.now() > until) await renewOnce();
      return !lost && api.now() <= until;
    },
    release: async () => {
      clearInterval(timer);
      await renewal;
      // By its id: one that another kctl has made meanwhile is another.
      if (!lost) await remove(api, id, AbortSignal.timeout(releaseMs)).catch(() => undefined);
    },
  };
}

async function thisHolder(command: string, since: string): Promise<Holder> {
  const by = `${userInfo().username}@${hostname()}`.slice(0, 40);
  return { command: command.slice(0, 40), by, since, ...(await thisProcess()) };
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
