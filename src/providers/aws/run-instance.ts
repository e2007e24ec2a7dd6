/** Launches the machine of one node: once, however often it is tried and whatever becomes of the answers. */
import { setTimeout as delay } from "node:timers/promises";
import {
  RunInstancesCommand,
  type BlockDeviceMapping,
  type RunInstancesCommandInput,
  type Tag,
} from "@aws-sdk/client-ec2";
import { clientToken } from "../../ec2/client-token.ts";
import { clusterTag, dataDevice, isLive, nodeTag, type SeenInstance } from "../../ec2/seen.ts";
import type { WantedMachine } from "../../ec2/wanted.ts";
import { KctlError } from "../../fault.ts";
import type { Api } from "./api.ts";
import { codeOf } from "./api-fault.ts";
import { instanceFrom, instancesBy } from "./observe.ts";
import { onceKnown } from "./tags.ts";

export type Launch = {
  readonly cluster: string;
  readonly machine: WantedMachine;
  /** Where it may be, best first. */
  readonly places: readonly { readonly zone: string; readonly subnet: string; readonly publicAddress: boolean }[];
  /** Which types it may be, best first, each with the image that fits it. */
  readonly types: readonly {
    readonly type: string;
    readonly image: string;
    readonly rootDevice: string;
    /** Where EC2 offers it. */
    readonly zones: ReadonlySet<string>;
  }[];
  readonly group: string;
  readonly keyName: string | null;
  readonly userData: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly instanceProfile: string | undefined;
  readonly placementGroup: string | null;
  /** Of the node's machines that are gone, and are to be seen as such yet. */
  readonly gone: number;
};

/** EC2 may not know of an instance for so long after it took the order for it ("Ensuring idempotency", "Eventual consistency"). */
const unseenMs = 180_000;
const lookAgainMs = 1000;

/** @param mayLaunch resolves when EC2 takes another launch */
type Launching = { readonly api: Api; readonly mayLaunch: () => Promise<void> };

/** Throws `aws-capacity` with all that was tried, where no zone has any of the types. */
export async function runInstance(via: Launching, launch: Launch, signal: AbortSignal): Promise<SeenInstance> {
  const refused: string[] = [];
  let last: unknown = null;
  for (const type of launch.types) {
    for (const place of launch.places.filter(({ zone }) => type.zones.has(zone))) {
      try {
        return await launchOnce(via, launch, type, place, signal);
      } catch (error) {
        // Only a definite answer leads to another zone: what was lost on the way may have been done.
        if (!isNoCapacity(error)) throw error;
        last = error;
        refused.push(`${type.type} in ${place.zone}: ${(error as Error).message}`);
      }
    }
  }
  // Its own words say more than a summary.
  if (refused.length === 1 || codeOf(last) === "InsufficientFreeAddressesInSubnet") throw last;
  throw new KctlError({
    code: "aws-capacity",
    node: launch.machine.node,
    what: `EC2 has no ${launch.types.map(({ type }) => type).join(" and no ")} to give in ${launch.places.map(({ zone }) => zone).join(", ")}`,
    fix: "give `instanceType` as a list, or other `zones`; or run the same command again later",
    detail: refused.length > 0 ? refused.join("\n") : "EC2 offers none of these types in any of these zones",
  });
}

function isNoCapacity(error: unknown): boolean {
  return error instanceof KctlError && error.faults.every(({ code }) => code === "aws-capacity");
}

async function launchOnce(
  { api, mayLaunch }: Launching,
  launch: Launch,
  type: Launch["types"][number],
  place: Launch["places"][number],
  signal: AbortSignal,
): Promise<SeenInstance> {
  const { cluster, machine, group, gone } = launch;
  for (let generation = gone; ; generation += 1) {
    const token = clientToken({ cluster, group, node: machine.node, zone: `${place.zone} ${type.type}`, generation });
    await mayLaunch();
    try {
      const order = { ...inputOf(launch, type, place), ClientToken: token };
      const { Instances: [made] = [] } = await onceKnown(
        () => api.call((client, options) => client.send(new RunInstancesCommand(order), options)),
        signal,
        justMade,
      );
      if (made !== undefined) {
        const instance = instanceFrom(made);
        // An answer to an order of the past: what it tells of may be gone by now.
        if (isLive(instance)) return instance;
      }
    } catch (error) {
      if (codeOf(error) === "IdempotentInstanceTerminated") continue;
      if (codeOf(error) !== "IdempotentParameterMismatch") throw error;
      // A run that was cut off ordered it, with a host key of its own: it is there, or will be seen soon.
      const former = await orderedBefore(api, launch, token, signal);
      if (former !== null) return former;
    }
  }
}

/** What kctl makes beforehand; an image that is not known stays so. */
const justMade = /^Invalid(Group|KeyPair|SubnetID)\.NotFound$/;

/** Null where it came and went. */
async function orderedBefore(
  api: Api,
  { cluster, machine: { node } }: Launch,
  token: string,
  signal: AbortSignal,
): Promise<SeenInstance | null> {
  const began = performance.now();
  for (let untagged = 0; ;) {
    const [found] = await instancesBy(api, [{ Name: "client-token", Values: [token] }]);
    if (found !== undefined && !isLive(found)) return null;
    if (found?.tags[clusterTag] === cluster && found.node === node) return found;
    // Tags come with the instance: one that goes on to lack them was robbed of them.
    if (found !== undefined && ++untagged > 3) throw robbed(found, cluster, node);
    if (performance.now() - began > unseenMs) return null;
    await delay(lookAgainMs, undefined, { signal });
  }
}

function robbed({ id }: SeenInstance, cluster: string, node: string): KctlError {
  return new KctlError({
    code: "aws-not-ours",
    node,
    where: id,
    what: `kctl launched ${id} as the machine of ${node}, and somebody took its tags away: it is left alone, and no second one is made`,
    fix: `give them back (\`aws ec2 create-tags --resources ${id} --tags Key=${clusterTag},Value=${cluster} Key=${nodeTag},Value=${node}\`), or terminate it; then run \`kctl up\` again`,
  });
}

function inputOf(
  launch: Launch,
  { type, image, rootDevice }: Launch["types"][number],
  { zone, subnet, publicAddress }: Launch["places"][number],
): RunInstancesCommandInput {
  const { machine, group, keyName, userData, instanceProfile, placementGroup } = launch;
  const tags = Object.entries(launch.tags).map(([Key, Value]): Tag => ({ Key, Value }));
  return {
    MinCount: 1,
    MaxCount: 1,
    ImageId: image,
    InstanceType: type as NonNullable<RunInstancesCommandInput["InstanceType"]>,
    ...(keyName === null ? {} : { KeyName: keyName }),
    UserData: Buffer.from(userData).toString("base64"),
    BlockDeviceMappings: disksOf(machine, rootDevice),
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnet,
        Groups: [group],
        AssociatePublicIpAddress: publicAddress,
        DeleteOnTermination: true,
      },
    ],
    // IMDSv2 only: a request that is forged through a server must not read the instance's credentials.
    MetadataOptions: { HttpTokens: "required", HttpEndpoint: "enabled", HttpPutResponseHopLimit: 1 },
    Placement: {
      AvailabilityZone: zone,
      ...(placementGroup === null ? {} : { GroupName: placementGroup }),
      ...(machine.partition === null ? {} : { PartitionNumber: machine.partition }),
    },
    DisableApiTermination: machine.protected,
    InstanceInitiatedShutdownBehavior: machine.ends ? "terminate" : "stop",
    ...(instanceProfile === undefined
      ? {}
      : {
          IamInstanceProfile: instanceProfile.startsWith("arn:") ? { Arn: instanceProfile } : { Name: instanceProfile },
        }),
    // One that is taken back is gone: the next `up` launches another.
    ...(machine.spot
      ? {
          InstanceMarketOptions: {
            MarketType: "spot" as const,
            SpotOptions: { SpotInstanceType: "one-time" as const },
          },
        }
      : {}),
    TagSpecifications: [...tagged, ...(machine.spot ? (["spot-instances-request"] as const) : [])].map(
      (ResourceType) => ({ ResourceType, Tags: tags }),
    ),
  };
}

const tagged = ["instance", "volume", "network-interface"] as const;

function disksOf({ volume, rootGiB, ends }: WantedMachine, rootDevice: string): BlockDeviceMapping[] {
  const root: BlockDeviceMapping = {
    DeviceName: rootDevice,
    Ebs: { VolumeSize: rootGiB, VolumeType: "gp3", Encrypted: true, DeleteOnTermination: true },
  };
  if (volume === null || volume.existing !== null) return [root];
  const { sizeGiB, type, iops, throughput } = volume;
  return [
    root,
    {
      DeviceName: dataDevice,
      Ebs: {
        VolumeSize: sizeGiB,
        VolumeType: type,
        Encrypted: true,
        // It outlives its machine, and only `destroy` deletes data; unless all of it is to end by itself.
        DeleteOnTermination: ends,
        ...(iops === null ? {} : { Iops: iops }),
        ...(throughput === null ? {} : { Throughput: throughput }),
      },
    },
  ];
}
