/** The aws provider: machines that kctl makes in EC2, reached over SSH like any others. */
import { existsSync } from "node:fs";
import type { Platform } from "../../cluster/platform.ts";
import { firstKeyTag, hostKeyTag, instanceOf, userTag, type SeenCloud, type SeenInstance } from "../../ec2/seen.ts";
import { entryOf, type AwsSpec } from "../../ec2/want-cloud.ts";
import { KctlError } from "../../fault.ts";
import { resolveTarget, type SshTarget } from "../../hosts/ssh/target.ts";
import type { Spec } from "../../spec/schema.ts";
import { mustStillHold } from "../must-still-hold.ts";
import type { Fleet, Lock, Provider, Surroundings } from "../provider.ts";
import { remoteMachines } from "../ssh/remote-machines.ts";
import { openApi, type Api } from "./api.ts";
import { deniedAction } from "./api-fault.ts";
import { acquireCloudLock } from "./cloud-lock.ts";
import { openSession, type CloudSession } from "./cloud-session.ts";
import { fleetOf } from "./fleet.ts";
import { leaseHosts, type Leases } from "./host-leases.ts";
import { loginKey, type LoginKey } from "./login-key.ts";
import { operatorRanges } from "./operator-address.ts";
import { platformNow } from "./platform.ts";

export function awsProvider(spec: Spec, provider: AwsSpec, folder: string, around: Surroundings): Provider {
  const { signal, timeoutSeconds, emit } = around;
  const { api, apiOfLock, holds } = apisOf(provider, around);
  const key = loginKey(spec.name, provider, { ...around, folder });
  const there = presenceIn(() => session.seen());
  const platform = (): Platform => {
    const zones = session
      .want(session.bare())
      .machines.flatMap(({ node, zone }) => (zone === null ? [] : [[node, zone] as const]));
    return platformNow(spec, session.seen(), new Map(zones));
  };
  const remote = remoteMachines(
    spec,
    {
      platform,
      nodes: there.nodes,
      machineOf: (node) => {
        const instance = there.machineOf(node);
        return instance === null ? "" : `${instance.id} ${addressOf(instance, provider) ?? ""}`;
      },
      targetOf: async (node) => {
        // One that was seen is kept up to date by whoever changes it: a look for each of many would be many calls.
        if (there.machineOf(node) === null) await session.look();
        const instance = there.machineOf(node);
        if (instance === null) throw noMachine(node, provider);
        return targetOf(node, instance, { spec, provider, key, around: { ...around, folder } });
      },
    },
    around,
  );
  const leases = leaseHosts(remote, there.nodes);
  const session = openSession({
    api,
    spec,
    provider,
    key,
    sshFrom: operatorRanges(provider, signal),
    timeoutSeconds,
    signal,
    shell: (node) => remote.provider.shell(node),
    reach: async (node) => {
      await remote.connect(node, { waitForBootSeconds: timeoutSeconds });
      there.reached(node);
      await leases.add(node);
    },
  });
  const fleet = fleetOf({
    session,
    emit,
    isAbsent: there.isAbsent,
    forget: there.forget,
    changed: remote.forgetFailures,
    looked: remote.layTunnels,
    leases,
  });
  return {
    ...remote.provider,
    get platform() {
      return platform();
    },
    fleet,
    lock: lockOf({ apiOfLock, spec, key, session, leases, fleet, holds }),
    takeIn: () => Promise.resolve(),
    readReceipt: async (pace) => {
      await fleet.look();
      await leases.again();
      return remote.provider.readReceipt(pace);
    },
    history: historyOf(remote.provider.history, fleet.look),
  };
}

/** Which machines keep it is known once they were looked for. */
function historyOf({ append, read }: Provider["history"], look: () => Promise<void>): Provider["history"] {
  return {
    append,
    read: async () => {
      await look();
      return read();
    },
  };
}

type Apis = {
  readonly api: Api;
  /** Asked while it is not known yet, or no longer, who holds the lock; and nothing is in the way of a renewal. */
  readonly apiOfLock: Api;
  /** From now on nothing else is asked of EC2 unless this is still held. */
  readonly holds: (lock: Pick<Lock, "stillHeld">) => void;
};

function apisOf({ region, profile }: AwsSpec, { signal, atEnd }: Surroundings): Apis {
  let held: Pick<Lock, "stillHeld"> | null = null;
  const before = async (): Promise<void> => {
    if (held !== null) await mustStillHold(held);
  };
  const api = openApi({ region, profile, signal, before });
  const apiOfLock = openApi({ region, profile, signal });
  atEnd(() => {
    api.close();
    apiOfLock.close();
  });
  return { api, apiOfLock, holds: (lock) => (held = lock) };
}

type Presence = {
  readonly machineOf: (node: string) => SeenInstance | null;
  /** There is none, it is off, or it has not let kctl in yet. */
  readonly isAbsent: (node: string) => boolean;
  readonly nodes: () => readonly string[];
  readonly reached: (node: string) => void;
  readonly forget: (instances: readonly string[]) => void;
};

function presenceIn(seen: () => SeenCloud): Presence {
  const reached = new Set<string>();
  const machineOf = (node: string): SeenInstance | null => instanceOf(seen(), node);
  const isAbsent = (node: string): boolean => {
    const instance = machineOf(node);
    if (instance === null) return true;
    // EC2's view may be an older one than kctl's own.
    if (reached.has(instance.id)) return false;
    return instance.state !== "running" || instance.tags[firstKeyTag] !== undefined;
  };
  return {
    machineOf,
    isAbsent,
    nodes: () => [...new Set(seen().instances.flatMap(({ node }) => (node === null || isAbsent(node) ? [] : [node])))],
    reached: (node) => void reached.add(machineOf(node)?.id ?? ""),
    forget: (instances) => {
      for (const id of instances) reached.delete(id);
    },
  };
}

type LockParts = Pick<Apis, "apiOfLock" | "holds"> & {
  readonly spec: Spec;
  readonly key: LoginKey;
  readonly session: CloudSession;
  readonly leases: Leases;
  readonly fleet: Fleet;
};

/** EC2's own lock first, then a lease on every machine that there is. */
function lockOf({ apiOfLock, spec, key, session, leases, fleet, holds }: LockParts): Provider["lock"] {
  const acquire = async (command: string): Promise<Lock> => {
    try {
      return await acquireCloudLock(apiOfLock, { cluster: spec.name, command, publicKey: await key.publicKey() });
    } catch (error) {
      if (deniedAction(error) === null) throw error;
      // Whoever may not do this may lack leave for more: all of it in one list.
      await fleet.look();
      const cluster = session.bare();
      const { faults } = await fleet.judge(cluster, fleet.plan(cluster).changes);
      throw faults.some(({ code }) => code === "aws-denied") ? new KctlError(faults, { cause: error }) : error;
    }
  };
  return async (command) => {
    const held = await acquire(command);
    holds(held);
    try {
      session.stale("everything");
      await fleet.look();
      await leases.begin(command);
    } catch (error) {
      await leases.end();
      await held.release();
      throw error;
    }
    return {
      stillHeld: async () => (await held.stillHeld()) && (await leases.stillHeld()),
      release: async () => {
        await leases.end();
        await held.release();
      },
    };
  };
}

type Reaching = {
  readonly spec: Spec;
  readonly provider: AwsSpec;
  readonly key: LoginKey;
  readonly around: Parameters<typeof resolveTarget>[1];
};

/** By the way that the spec says, as the user of its image, known by the host keys of its tags. */
function targetOf(node: string, instance: SeenInstance, { spec, provider, key, around }: Reaching): Promise<SshTarget> {
  const { via } = provider.access;
  const isBastion = via !== undefined && via !== "public" && via !== "private";
  return resolveTarget(
    {
      node,
      address: addressOf(instance, provider) ?? node,
      provider: isBastion ? { jump: via } : {},
      nodeUser: entryOf(spec, node)?.user ?? instance.tags[userTag],
      pinned: [instance.tags[hostKeyTag], instance.tags[firstKeyTag]].flatMap((one) => one ?? []),
      // Where it is on another machine, the agent may have it.
      identityFiles: key.identityFile !== null && existsSync(key.identityFile) ? [key.identityFile] : [],
    },
    around,
  );
}

function noMachine(node: string, { region }: AwsSpec): KctlError {
  return new KctlError({
    code: "ssh-unreachable",
    node,
    what: `${node} has no machine in ${region}`,
    fix: "`kctl up` launches it",
  });
}

/** Where this machine reaches it; null: nowhere yet. */
function addressOf({ publicAddress, privateAddress }: SeenInstance, { access }: AwsSpec): string | null {
  if (access.via === undefined) return publicAddress ?? privateAddress;
  return access.via === "public" ? publicAddress : privateAddress;
}
