/** What one run of kctl knows of a cluster in EC2: what was seen, what is wanted, and what it did itself since it looked. */
import { hostname, userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "../../cluster/cluster.ts";
import { noKnownIds } from "../../cluster/known-ids.ts";
import { resolveCluster } from "../../cluster/resolve.ts";
import { wantedEnd } from "../../ec2/end.ts";
import { instant } from "../../ec2/instant.ts";
import { launchRate } from "../../ec2/request-rate.ts";
import {
  clusterTag,
  dataDevice,
  expiresTag,
  instanceOf,
  isLive,
  ownerTag,
  sinceTag,
  type SeenCloud,
  type SeenInstance,
} from "../../ec2/seen.ts";
import { wantCloud, type AwsSpec } from "../../ec2/want-cloud.ts";
import type { WantedCloud, WantedMachine } from "../../ec2/wanted.ts";
import { KctlError } from "../../fault.ts";
import type { Shell } from "../../hosts/ssh/shell.ts";
import type { Spec } from "../../spec/schema.ts";
import type { Api } from "./api.ts";
import { watchInstances, type InstanceWatch } from "./instance-watch.ts";
import type { LoginKey } from "./login-key.ts";
import { ownZones, subnetsFor } from "./network.ts";
import { instancesBy, observeCloud, ofCluster, volumesBy } from "./observe.ts";
import { offersFor, type Offers } from "./offers.ts";
import { paced } from "./paced.ts";
import { placementGroupsBy } from "./placement-group.ts";
import { awsPlatform } from "./platform.ts";
import { withProtection } from "./protection.ts";

export type SessionOptions = {
  readonly api: Api;
  readonly spec: Spec;
  readonly provider: AwsSpec;
  readonly key: LoginKey;
  /** Who may reach port 22, asked for once. */
  readonly sshFrom: () => Promise<readonly string[]>;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Reaches a machine as soon as it can be, and leases it. */
  readonly reach: (node: string) => Promise<void>;
  readonly shell: (node: string) => Shell;
};

type TagPatch = Readonly<Record<string, string | undefined>>;

export type CloudSession = SessionOptions & {
  readonly watch: InstanceWatch;
  /** Resolves when EC2 takes another launch. */
  readonly mayLaunch: () => Promise<void>;
  /** What everything that is made just now is tagged with. */
  readonly tags: Readonly<Record<string, string>>;
  readonly seen: () => SeenCloud;
  /** Null while every machine is there: then nobody asks. Throws what EC2 had to say against it. */
  readonly offers: () => Offers | null;
  readonly zones: () => readonly string[] | null;
  readonly want: (cluster: Cluster) => WantedCloud;
  readonly machine: (node: string, cluster: Cluster) => WantedMachine;
  readonly group: () => SeenCloud["groups"][number];
  /** As the spec alone has it: its ids are not known. */
  readonly bare: () => Cluster;
  /** Looks, unless what was seen is so still. */
  readonly look: () => Promise<void>;
  /** What was seen of machines (of everything) is not so any more. */
  readonly stale: (what: "machines" | "everything") => void;
  readonly replace: (instance: SeenInstance) => void;
  /** What kctl itself did to something's tags, which EC2 may not show everywhere yet; undefined: it is gone. */
  readonly patch: (id: string, tags: TagPatch) => void;
  readonly update: (seen: Partial<SeenCloud>) => void;
  readonly lookForSubnets: () => Promise<void>;
};

export function must<T>(value: T | null | undefined, what: string): T {
  if (value === undefined || value === null) throw new RangeError(`${what} is wanted, and is not known`);
  return value;
}

export function openSession(options: SessionOptions): CloudSession {
  const { api, spec, provider, signal, timeoutSeconds, sshFrom } = options;
  const { name } = spec;
  let seen: SeenCloud = { instances: [], volumes: [], groups: [], keys: [] };
  const market = marketOf(api, name, provider);
  let ranges: readonly string[] = [];
  let fresh: string | null = null;
  let staleness: "fresh" | "machines" | "everything" = "everything";
  const patches = new Map<string, TagPatch>();

  const bare = (): Cluster => resolveCluster(spec, awsPlatform(name), noKnownIds);
  const end = (): WantedCloud["end"] => wantedEnd(name, seen, { ttl: spec.ttl ?? null, now: api.now(), fresh });
  const want = (cluster: Cluster): WantedCloud =>
    wantCloud({ spec, provider, cluster, seen, zones: market.zones(), sshFrom: ranges, end: end() });
  const update = (more: Partial<SeenCloud>): void => {
    seen = patched({ ...seen, ...more }, patches);
  };
  const lookAgain = async (): Promise<void> => {
    const again = staleness === "machines" ? machinesAgain(api, name, seen) : observeCloud(api, name);
    const [now, from] = await Promise.all([withOptions(api, again, name, provider), sshFrom()]);
    ranges = from;
    update(await withVolumes(api, now, signal));
    // From the first look on, EC2's clock is known.
    fresh ??= spec.ttl === undefined ? null : instant(api.now() + spec.ttl * 1000);
    const missing = want(bare()).machines.filter(({ node }) => instanceOf(seen, node) === null);
    await market.ask(missing);
    staleness = "fresh";
  };
  const look = oneAtATime(lookAgain);
  return {
    ...options,
    watch: watchInstances(api, { timeoutSeconds, signal }),
    mayLaunch: paced(launchRate, signal),
    get tags() {
      return { ...provider.tags, [clusterTag]: name, ...birthTags(end().expires, api.now()) };
    },
    seen: () => seen,
    offers: market.offers,
    zones: market.zones,
    want,
    machine: (node, cluster) =>
      must(
        want(cluster).machines.find((machine) => machine.node === node),
        node,
      ),
    group: () => {
      const wanted = want(bare()).group.name;
      return must(
        seen.groups.find((group) => group.name === wanted),
        wanted,
      );
    },
    bare,
    look: async () => {
      if (staleness !== "fresh") await look();
    },
    stale: (what) => {
      staleness = staleness === "everything" ? staleness : what;
    },
    replace: (instance) => update({ instances: [...seen.instances.filter(({ id }) => id !== instance.id), instance] }),
    patch: (id, tags) => {
      patches.set(id, { ...patches.get(id), ...tags });
      update({});
    },
    update,
    lookForSubnets: market.lookForSubnets,
  };
}

/** Before anything is made for a machine that has none. */
function mustHaveImages(machines: readonly WantedMachine[], { types, image }: Offers): void {
  for (const machine of machines)
    for (const type of machine.types) image(machine.image, must(types.get(type), type).architecture);
}

type Market = Pick<CloudSession, "offers" | "zones" | "lookForSubnets"> & {
  /** For these machines, unless it was asked before. */
  readonly ask: (missing: readonly WantedMachine[]) => Promise<void>;
};

/** What EC2 offers. That it offers nothing is told to who wants to make machines, and is of no concern to who removes them. */
function marketOf(api: Api, cluster: string, provider: AwsSpec): Market {
  let offers: Offers | null = null;
  let zones: readonly string[] | null = null;
  let lacking: Error | null = null;
  const subnets = (): ReturnType<typeof subnetsFor> => subnetsFor(api, cluster, provider);
  return {
    offers: () => {
      if (lacking !== null) throw lacking;
      return offers;
    },
    zones: () => zones,
    ask: async (missing) => {
      lacking = null;
      const isAsked = ({ types }: WantedMachine): boolean => types.every((type) => offers?.types.has(type) === true);
      if (missing.every(isAsked) && offers?.subnets.length !== 0) return;
      try {
        offers = await offersFor(api, missing, subnets());
        mustHaveImages(missing, offers);
        const names = offers.subnets.length > 0 ? offers.subnets.map(({ zone }) => zone) : ownZones(api, provider);
        zones = [...new Set(await names)];
      } catch (error) {
        if (!(error instanceof KctlError)) throw error;
        lacking = error;
      }
    },
    lookForSubnets: async () => {
      offers = { ...must(offers, "what EC2 offers"), subnets: await subnets() };
    },
  };
}

/** Whose it is, when it was made, and when it ends. */
function birthTags(expires: string | null, now: number): Readonly<Record<string, string>> {
  const by = { [ownerTag]: `${userInfo().username}@${hostname()}`.slice(0, 256), [sinceTag]: instant(now) };
  return expires === null ? by : { ...by, [expiresTag]: expires };
}

/** Whoever asks while it is being done waits for that. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let underWay: Promise<void> | null = null;
  return () => {
    underWay ??= work().finally(() => (underWay = null));
    return underWay;
  };
}

function patched(seen: SeenCloud, patches: ReadonlyMap<string, TagPatch>): SeenCloud {
  const now = <One extends { readonly id: string; readonly tags: Readonly<Record<string, string>> }>(one: One): One => {
    const its = patches.get(one.id);
    if (its === undefined) return one;
    const tags = Object.entries({ ...one.tags, ...its }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    );
    return { ...one, tags: Object.fromEntries(tags) };
  };
  const { instances, volumes, groups, keys, placementGroups = [] } = seen;
  return {
    instances: instances.map(now),
    volumes: volumes.map(now),
    groups: groups.map(now),
    keys: keys.map(now),
    placementGroups: placementGroups.map(now),
  };
}

/** The tag filter may miss a new volume for a while, and a machine whose volume is not known would have its data on the root disk. */
async function withVolumes(api: Api, seen: SeenCloud, signal: AbortSignal): Promise<SeenCloud> {
  const attached = seen.instances
    .filter(isLive)
    .flatMap(({ volumes }) => volumes.filter(({ device }) => device === dataDevice));
  for (let pause = 500; ; pause = Math.min(pause * 2, 4000)) {
    const missing = attached.flatMap(({ id }) => (seen.volumes.some((volume) => volume.id === id) ? [] : [id]));
    if (missing.length === 0) return seen;
    const more = await volumesBy(api, [{ Name: "volume-id", Values: missing }]);
    if (more.length === missing.length) return { ...seen, volumes: [...seen.volumes, ...more] };
    await delay(pause, undefined, { signal });
  }
}

/** What only some specs ask for. */
async function withOptions(
  api: Api,
  looking: Promise<SeenCloud>,
  cluster: string,
  { placement, terminationProtection }: AwsSpec,
): Promise<SeenCloud> {
  const groups = placement === "zones" ? [] : placementGroupsBy(api, ofCluster(cluster));
  const [seen, placementGroups] = await Promise.all([looking, groups]);
  return { ...(terminationProtection ? await withProtection(api, seen) : seen), placementGroups };
}

/** After machines were changed, groups and keys are what they were. */
async function machinesAgain(api: Api, cluster: string, seen: SeenCloud): Promise<SeenCloud> {
  const [instances, volumes] = await Promise.all([
    instancesBy(api, ofCluster(cluster)),
    volumesBy(api, ofCluster(cluster)),
  ]);
  // The tag filter may miss a new machine for a while: what was seen of it is kept.
  const unseen = seen.instances.filter((one) => isLive(one) && !instances.some(({ id }) => id === one.id));
  return { ...seen, instances: [...instances.map((one) => withAddress(one, seen)), ...unseen], volumes };
}

/** A machine that is on keeps its address: a view without it is an older one. */
function withAddress(one: SeenInstance, { instances }: SeenCloud): SeenInstance {
  const former = instances.find(({ id }) => id === one.id);
  const isOn = [one, former].every((each) => each?.state === "running" || each?.state === "pending");
  if (!isOn || one.publicAddress !== null) return one;
  return { ...one, publicAddress: former?.publicAddress ?? null };
}
