/** Removes all that carries a cluster's tag, from any half-made state: round after round, for as long as one of them gets further. */
import { setTimeout as delay } from "node:timers/promises";
import {
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { lockName } from "../../ec2/listed-clusters.ts";
import { clusterTag, isLive, type SeenCloud } from "../../ec2/seen.ts";
import { KctlError, faultsOf, type Fault } from "../../fault.ts";
import type { Api } from "./api.ts";
import { codeOf, isNotFound } from "./api-fault.ts";
import { hangersOn } from "./hangers-on.ts";
import { observeCloud, ofCluster, volumesBy } from "./observe.ts";
import { deletePlacementGroup, placementGroupsBy } from "./placement-group.ts";

export type DestroyOptions = {
  readonly cluster: string;
  readonly keepData: boolean;
  readonly onRemoved: (what: string) => void;
  readonly onWait: (what: string) => void;
  /** Without getting further for so long, it ends and says why. */
  readonly patienceSeconds: number;
  readonly signal: AbortSignal;
};

/** One thing that can be removed, once nothing that `after` names is there. */
type Thing = {
  readonly id: string;
  readonly what: string;
  readonly rank: number;
  /** Null: it goes by itself, and is waited for. */
  readonly remove: (() => Promise<unknown>) | null;
};

/** A machine that ends may take this long by itself. */
const endingSeconds = 600;
const pauseMs = 1000;
const longestPauseMs = 4000;

/** @returns how many things were removed, and the volumes that were kept */
export async function destroyCloud(
  api: Api,
  options: DestroyOptions,
): Promise<{ readonly removed: number; readonly kept: readonly string[] }> {
  const { cluster, patienceSeconds, signal, onRemoved, onWait } = options;
  const told = new Map<string, string>();
  const gone = new Set<string>();
  const disks = new Set<string>();
  let kept: readonly string[] = [];
  let progress = performance.now();
  for (let pause = pauseMs, round = 1; ; pause = Math.min(pause * 1.3, longestPauseMs), round += 1) {
    const [seen, network, placement] = await Promise.all([
      observeCloud(api, cluster),
      networkOf(api, cluster),
      placementOf(api, cluster),
    ]);
    const cloud = await withDisks(api, cluster, seen, disks);
    const things = [...thingsOf(api, cloud, options), ...placement, ...network];
    kept = options.keepData ? cloud.volumes.map(({ id }) => id) : [];
    for (const [id, what] of told)
      if (!things.some((thing) => thing.id === id) && !gone.has(id)) {
        gone.add(id);
        onRemoved(what);
        progress = performance.now();
        pause = pauseMs;
      }
    // What was made a moment ago may not be in every view yet: one empty look is no proof.
    if (things.length === 0 && (gone.size > 0 || round > 1)) return { removed: gone.size, kept };
    for (const { id, what } of things) told.set(id, what);
    const faults = await removeNext(things);
    const patience = things.some(({ remove }) => remove === null) ? endingSeconds : 0;
    if (performance.now() - progress > Math.max(patienceSeconds, patience) * 1000)
      throw stuck(things, faults, await hangersOn(api, cloud.groups));
    if (things.length > 0) onWait(shortList(things.map(({ what }) => what)));
    await delay(pause, undefined, { signal });
  }
}

const mostNamed = 3;

function shortList(what: readonly string[]): string {
  const more = what.length - mostNamed;
  return `${what.slice(0, mostNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** All of the lowest rank: what is left needs them gone. */
async function removeNext(things: readonly Thing[]): Promise<ReadonlyMap<string, Fault>> {
  const rank = Math.min(...things.map((thing) => thing.rank));
  const faults = new Map<string, Fault>();
  const never: unknown[] = [];
  await Promise.all(
    things
      .filter((thing) => thing.rank === rank && thing.remove !== null)
      .map(async ({ id, remove }) => {
        try {
          await remove?.();
        } catch (error) {
          if (isNotFound(error)) return;
          const [fault] = faultsOf(error);
          // No patience helps where EC2 will never do it.
          if (!mayChange(error)) never.push(error);
          else if (fault !== undefined) faults.set(id, fault);
        }
      }),
  );
  if (never.length === 1) throw never[0];
  if (never.length > 1) throw new KctlError(never.flatMap(faultsOf));
  return faults;
}

/** EC2 refuses for as long as something hangs on it, which may be about to go. */
function mayChange(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  return /^(DependencyViolation|VolumeInUse|IncorrectState|IncorrectInstanceState|InvalidGroup\.InUse|InvalidPlacementGroup\.InUse|ResourceInUse)/.test(
    code,
  );
}

/** The disks of machines, also where the tag filter misses one of them: they outlive the machine that names them. */
async function withDisks(api: Api, cluster: string, seen: SeenCloud, disks: Set<string>): Promise<SeenCloud> {
  for (const { volumes } of seen.instances) for (const { id } of volumes) disks.add(id);
  const missed = [...disks].filter((id) => !seen.volumes.some((volume) => volume.id === id));
  if (missed.length === 0) return seen;
  const found = await volumesBy(api, [{ Name: "volume-id", Values: missed }]);
  const ours = found.filter(({ tags }) => tags[clusterTag] === cluster);
  for (const id of missed) if (!found.some((volume) => volume.id === id)) disks.delete(id);
  return { ...seen, volumes: [...seen.volumes, ...ours] };
}

function stuck(
  things: readonly Thing[],
  faults: ReadonlyMap<string, Fault>,
  hanging: ReadonlyMap<string, readonly string[]>,
): KctlError {
  return new KctlError(
    things.map(({ id, what }): Fault => {
      const fault = faults.get(id);
      const on = hanging.get(id) ?? [];
      const reason = on.length > 0 ? `${on.join(", ")} ${on.length === 1 ? "uses" : "use"} it` : fault?.what;
      const hint = on.length > 0 ? `take ${on.join(", ")} away` : "see in the EC2 console what hangs on it";
      return {
        code: "aws-refused",
        where: id,
        what: `${what} is still there${reason === undefined ? "" : `: ${reason}`}`,
        fix: `${hint}, then run \`kctl destroy\` again: it goes on from here`,
        ...(fault?.detail === undefined ? {} : { detail: fault.detail }),
      };
    }),
  );
}

function thingsOf(
  api: Api,
  { instances, volumes, groups, keys }: SeenCloud,
  { keepData, cluster }: DestroyOptions,
): readonly Thing[] {
  const there = instances.filter(({ state }) => state !== "terminated");
  const live = there.filter(isLive).map(({ id }) => id);
  // One call for all of them, which the first one makes.
  let ending: Promise<unknown> | null = null;
  const endAll = (): Promise<unknown> =>
    (ending ??= api
      .call((client, options) =>
        // What goes with its data need not write it first; what is kept was stopped in order by now, and is written with the shutdown.
        client.send(new TerminateInstancesCommand({ InstanceIds: live, SkipOsShutdown: !keepData }), options),
      )
      .catch((error: unknown) => {
        throw protectedFault(error, live);
      }));
  return [
    ...there.map((instance): Thing => ({
      id: instance.id,
      what: `the machine of ${instance.node ?? "no node"} (${instance.id})`,
      rank: 0,
      remove: isLive(instance) ? endAll : null,
    })),
    ...volumes
      .filter(({ state }) => !keepData && state !== "deleting")
      .map(({ id, node }): Thing => ({
        id,
        what: `the volume ${id} of ${node ?? "no node"}`,
        rank: 1,
        remove: () => api.call((client, options) => client.send(new DeleteVolumeCommand({ VolumeId: id }), options)),
      })),
    ...groups.map(({ id, name }): Thing => ({
      id,
      what: `the security group ${name} (${id})`,
      rank: 1,
      remove: () =>
        api.call((client, options) => client.send(new DeleteSecurityGroupCommand({ GroupId: id }), options)),
    })),
    ...keys
      .filter(({ name }) => name !== lockName(cluster))
      .map(({ id, name }): Thing => ({
        id,
        what: `the key pair ${name}`,
        rank: 1,
        remove: () => api.call((client, options) => client.send(new DeleteKeyPairCommand({ KeyPairId: id }), options)),
      })),
  ];
}

function protectedFault(error: unknown, instances: readonly string[]): unknown {
  if (codeOf(error) !== "OperationNotPermitted") return error;
  const [fault] = faultsOf(error);
  return new KctlError(
    {
      code: "protected",
      what: `EC2 protects a machine of this cluster against termination: ${fault?.detail ?? instances.join(", ")}`,
      fix: "write `terminationProtection: false` and run `kctl up`, which takes it off; or do so in the EC2 console (Instance settings, Change termination protection). Then run `kctl destroy` again",
    },
    { cause: error },
  );
}

async function placementOf(api: Api, cluster: string): Promise<readonly Thing[]> {
  const groups = await placementGroupsBy(api, ofCluster(cluster));
  return groups.map(({ id, name }) => ({
    id,
    what: `the placement group ${name}`,
    rank: 1,
    remove: () => deletePlacementGroup(api, name),
  }));
}

/** The parts of a network of the cluster's own; nothing where there is none. */
async function networkOf(api: Api, cluster: string): Promise<readonly Thing[]> {
  const Filters = ofCluster(cluster);
  const { Vpcs = [] } = await api.call((client, options) => client.send(new DescribeVpcsCommand({ Filters }), options));
  if (Vpcs.length === 0) return [];
  const [{ Subnets = [] }, { InternetGateways = [] }, { RouteTables = [] }] = await Promise.all([
    api.call((client, options) => client.send(new DescribeSubnetsCommand({ Filters }), options)),
    api.call((client, options) => client.send(new DescribeInternetGatewaysCommand({ Filters }), options)),
    api.call((client, options) => client.send(new DescribeRouteTablesCommand({ Filters }), options)),
  ]);
  return [
    ...Subnets.map(({ SubnetId = "" }): Thing => ({
      id: SubnetId,
      what: `the subnet ${SubnetId}`,
      rank: 2,
      remove: () => api.call((client, options) => client.send(new DeleteSubnetCommand({ SubnetId }), options)),
    })),
    ...InternetGateways.map(({ InternetGatewayId = "", Attachments = [] }): Thing => ({
      id: InternetGatewayId,
      what: `the internet gateway ${InternetGatewayId}`,
      rank: 3,
      remove: async () => {
        for (const { VpcId } of Attachments)
          await api.call((client, options) =>
            client.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }), options),
          );
        await api.call((client, options) =>
          client.send(new DeleteInternetGatewayCommand({ InternetGatewayId }), options),
        );
      },
    })),
    ...RouteTables.map(({ RouteTableId = "" }): Thing => ({
      id: RouteTableId,
      what: `the route table ${RouteTableId}`,
      rank: 3,
      remove: () => api.call((client, options) => client.send(new DeleteRouteTableCommand({ RouteTableId }), options)),
    })),
    ...Vpcs.map(({ VpcId = "" }): Thing => ({
      id: VpcId,
      what: `the network ${VpcId}`,
      rank: 4,
      remove: () => api.call((client, options) => client.send(new DeleteVpcCommand({ VpcId }), options)),
    })),
  ];
}
