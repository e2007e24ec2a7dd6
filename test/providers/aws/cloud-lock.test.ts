/** The lock in EC2, with key pairs as EC2 has them: one of each name, known by an id that no later one has. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DescribeKeyPairsCommand,
  ImportKeyPairCommand,
  type EC2Client,
  type Tag,
} from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KctlError, type Fault } from "../../../src/fault.ts";
import { processesOf } from "../../../src/hosts/local/machine.ts";
import { thisProcess, type ProcessMark } from "../../../src/hosts/local/this-process.ts";
import type { Api } from "../../../src/providers/aws/api.ts";
import { apiFault } from "../../../src/providers/aws/api-fault.ts";
import { acquireCloudLock } from "../../../src/providers/aws/cloud-lock.ts";
import { injectFault } from "../../faults/fault.ts";

type Pair = { readonly id: string; readonly tags: Record<string, string> };

const wish = { cluster: "demo", command: "kctl up", publicKey: "ssh-ed25519 AAAA" };
const leaseMs = 180_000;

function refusal(name: string): Error {
  const where = { region: "eu-central-1", profile: undefined, action: null };
  const fault = apiFault(Object.assign(new Error(name), { name }), where);
  if (fault instanceof Error) return fault;
  throw new Error("an error of EC2's is one of kctl's");
}

/** @param around what becomes of a call, which `apply` carries out */
function account(around: (command: object, apply: () => object) => Promise<object> = (_, apply) => promised(apply)): {
  readonly pairs: Map<string, Pair>;
  readonly api: Api;
  readonly calls: string[];
} {
  const pairs = new Map<string, Pair>();
  const calls: string[] = [];
  let made = 0;
  const byId = (id: string | undefined): readonly [string, Pair] => {
    const found = [...pairs].find(([, pair]) => pair.id === id);
    if (found === undefined) throw refusal("InvalidKeyPair.NotFound");
    return found;
  };
  const named = (tags: readonly Tag[] = []): Record<string, string> =>
    Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
  const apply = (command: object): object => {
    if (command instanceof ImportKeyPairCommand) {
      const { KeyName = "", TagSpecifications: [its] = [] } = command.input;
      if (pairs.has(KeyName)) throw refusal("InvalidKeyPair.Duplicate");
      made += 1;
      pairs.set(KeyName, { id: `key-${made}`, tags: named(its?.Tags) });
      return { KeyPairId: `key-${made}` };
    }
    if (command instanceof DescribeKeyPairsCommand)
      return {
        KeyPairs: [...pairs].map(([KeyName, { id, tags }]) => ({
          KeyName,
          KeyPairId: id,
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        })),
      };
    if (command instanceof DeleteKeyPairCommand) {
      pairs.delete(byId(command.input.KeyPairId)[0]);
      return {};
    }
    if (command instanceof CreateTagsCommand) {
      Object.assign(byId(command.input.Resources?.[0])[1].tags, named(command.input.Tags));
      return {};
    }
    throw new Error(`nobody asks for ${command.constructor.name}`);
  };
  const send = (command: object): Promise<object> => {
    calls.push(command.constructor.name.replace("Command", ""));
    return around(command, () => apply(command));
  };
  const client = { send } as unknown as EC2Client;
  const api: Api = {
    region: "eu-central-1",
    call: (work, signal = new AbortController().signal) => work(client, { abortSignal: signal }),
    now: () => Date.now(),
    close: () => undefined,
  };
  return { pairs, api, calls };
}

async function promised(apply: () => object): Promise<object> {
  // Others come in between, as they do over a network.
  await new Promise((resolve) => setImmediate(resolve));
  return apply();
}

const faultOf = async (work: Promise<unknown>): Promise<Fault | undefined> => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  return error instanceof KctlError ? error.faults[0] : undefined;
};

/** As a kctl left it that is not this one. */
function held(by: ProcessMark, until: number): Pair {
  const holder = { command: "kctl up", by: "somebody@laptop", since: "2026-01-01T00:00:00.000Z", ...by };
  return {
    id: "key-0",
    tags: {
      "kctl:cluster": "demo",
      "kctl:lock-token": "theirs",
      "kctl:lock-holder": JSON.stringify(holder),
      "kctl:lock-until": new Date(until).toISOString(),
    },
  };
}

const elsewhere: ProcessMark = { pid: 1, birth: "then", machine: "another" };
const name = "kctl-lock-demo";

async function ended(): Promise<ProcessMark> {
  const child = spawn("sleep", ["1000"]);
  const birth = (await processesOf(process.platform).birthOf(child.pid ?? 0)) ?? "";
  child.kill("SIGKILL");
  await once(child, "close");
  return { ...(await thisProcess()), pid: child.pid ?? 0, birth };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

describe("the lock in EC2", () => {
  test("is made, says who has it and until when, and is given back", async () => {
    const { pairs, api } = account();
    const lock = await acquireCloudLock(api, wish);
    const tags = pairs.get(name)?.tags ?? {};
    expect(Date.parse(tags["kctl:lock-until"] ?? "")).toBe(Date.now() + leaseMs);
    expect(Object.values(tags).filter((value) => value.length > 256)).toEqual([]);
    expect(await lock.stillHeld()).toBe(true);
    const fault = await faultOf(acquireCloudLock(api, wish));
    expect(fault?.code).toBe("locked");
    expect(fault?.what).toMatch(new RegExp(`\`kctl up\`, process ${process.pid} of \\S+@\\S+, since 20\\S+Z$`, "u"));
    await lock.release();
    expect(pairs.size).toBe(0);
  });

  test("is renewed each minute, for as long as it is held", async () => {
    const { pairs, api, calls } = account();
    const lock = await acquireCloudLock(api, wish);
    for (let minute = 1; minute <= 5; minute += 1) {
      vi.advanceTimersByTime(60_000);
      await vi.waitUntil(
        () => Date.parse(pairs.get(name)?.tags["kctl:lock-until"] ?? "") > Date.now() + leaseMs - 30_000,
        { timeout: 30_000 },
      );
    }
    expect(await lock.stillHeld()).toBe(true);
    await lock.release();
    const before = calls.length;
    vi.advanceTimersByTime(600_000);
    expect(calls.length).toBe(before);
  });

  test.each([
    ["whose process has ended on this machine, at once", ended, leaseMs],
    ["of another machine, once its time is over", () => Promise.resolve(elsewhere), -11_000],
  ])("is taken over from one %s", async (_, whose, left) => {
    const { pairs, api } = account();
    pairs.set(name, held(await whose(), Date.now() + left));
    const lock = await acquireCloudLock(api, wish);
    expect(pairs.get(name)?.id).toBe("key-1");
    await lock.release();
    expect(pairs.size).toBe(0);
  });

  test.each([
    ["of another machine in its time", () => Promise.resolve(elsewhere), 100_000],
    ["of a process that lives here", thisProcess, 100_000],
    ["that was over a moment ago, by a clock that may be a little wrong", thisProcess, -5000],
  ])("is not taken from one %s", async (_, whose, left) => {
    const { pairs, api } = account();
    pairs.set(name, held(await whose(), Date.now() + left));
    const fault = await faultOf(acquireCloudLock(api, wish));
    expect(fault).toMatchObject({ code: "locked" });
    expect(fault?.fix).toContain(`this one in ${Math.max(0, left / 1000)} s unless it is renewed`);
    expect(pairs.get(name)?.id).toBe("key-0");
  });

  injectFault(29, "many kctls take over the same stale lock in EC2 at the same time", async () => {
    const { pairs, api } = account();
    pairs.set(name, held(elsewhere, Date.now() - leaseMs));
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => acquireCloudLock(api, wish)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const reasons = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    expect(reasons.map((reason) => reason instanceof KctlError && reason.faults[0]?.code)).toEqual(
      Array.from({ length: 9 }, () => "locked"),
    );
    expect(pairs.size).toBe(1);
    return "one wins, the others are told who";
  });

  injectFault(
    30,
    "the holder of the lock in EC2 sleeps past its lease, another one takes it over, and it wakes",
    async () => {
      const { pairs, api } = account();
      const sleeper = await acquireCloudLock(api, wish);
      // No timer fires in one that sleeps.
      vi.setSystemTime(Date.now() + leaseMs + 11_000);
      pairs.set(name, held(elsewhere, Date.now() + leaseMs));
      expect(await sleeper.stillHeld()).toBe(false);
      await sleeper.release();
      expect(pairs.get(name)?.id).toBe("key-0");
      return "it finds that it lost the lock, asks EC2 for nothing more, and leaves the other's alone";
    },
  );

  test("one that slept, and whose lock nobody took, has it still", async () => {
    const { pairs, api } = account();
    const sleeper = await acquireCloudLock(api, wish);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await sleeper.stillHeld()).toBe(true);
    expect(Date.parse(pairs.get(name)?.tags["kctl:lock-until"] ?? "")).toBe(Date.now() + leaseMs);
    await sleeper.release();
    expect(pairs.size).toBe(0);
  });

  test("one that slept, and cannot ask EC2, does not have it", async () => {
    let isAway = false;
    const { api } = account((_, apply) => (isAway ? Promise.reject(refusal("TimeoutError")) : promised(apply)));
    const sleeper = await acquireCloudLock(api, wish);
    isAway = true;
    expect(await sleeper.stillHeld()).toBe(true);
    vi.setSystemTime(Date.now() + leaseMs + 1);
    expect(await sleeper.stillHeld()).toBe(false);
    await sleeper.release();
  });

  test("that was made by a call whose answer never came is not left", async () => {
    const stop = new KctlError({ code: "interrupted", what: "interrupted" });
    const { pairs, api } = account(async (command, apply) => {
      const answer = await promised(apply);
      if (command instanceof ImportKeyPairCommand) throw stop;
      return answer;
    });
    await expect(acquireCloudLock(api, wish)).rejects.toBe(stop);
    expect(pairs.size).toBe(0);
  });

  test("is not made by the name of somebody's key pair", async () => {
    const { pairs, api } = account();
    pairs.set(name, { id: "key-0", tags: {} });
    expect(await faultOf(acquireCloudLock(api, wish))).toMatchObject({ code: "aws-not-ours" });
    expect(pairs.get(name)).toEqual({ id: "key-0", tags: {} });
  });
});
