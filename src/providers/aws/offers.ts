/** What EC2 has for machines that are still to be made: zones with their subnets, types with their architecture, images. */
import {
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type Filter,
  type Image,
  type _InstanceType as InstanceType,
} from "@aws-sdk/client-ec2";
import { knownImage, newest, userOfImage, type Architecture } from "../../ec2/images.ts";
import type { OfferedType } from "../../preflight/offer-findings.ts";
import type { SeenSubnet } from "../../ec2/seen.ts";
import type { WantedMachine } from "../../ec2/wanted.ts";
import { KctlError } from "../../fault.ts";
import type { Api } from "./api.ts";
import { allOf, codeOf } from "./api-fault.ts";
import type { Launch } from "./run-instance.ts";

export type Offers = {
  /** In the spec's order; empty while a network of the cluster's own is still to be made. */
  readonly subnets: readonly SeenSubnet[];
  /** Of every type that is wanted. */
  readonly types: ReadonlyMap<string, OfferedType>;
  /** Of every image that is wanted, by its name in the spec and the architecture. */
  readonly image: (name: string, architecture: Architecture) => OfferedImage;
};

export type OfferedImage = { readonly id: string; readonly rootDevice: string; readonly user: string };

export async function offersFor(
  api: Api,
  machines: readonly Pick<WantedMachine, "types" | "image">[],
  subnets: Promise<readonly SeenSubnet[]>,
): Promise<Offers> {
  const names = [...new Set(machines.flatMap(({ types }) => types))];
  const images = [...new Set(machines.map(({ image }) => image))];
  const [there, sizes, zones, found] = await allOf([
    subnets,
    sizesOf(api, names),
    zonesOf(api, names),
    Promise.all(images.map(async (name) => [name, await imagesBy(api, name)] as const)),
  ]);
  const types = new Map(
    names.map((name) => [
      name,
      {
        ...(sizes.get(name) ?? { architecture: "x86_64" as const, memoryMiB: null }),
        zones: zones.get(name) ?? new Set<string>(),
      },
    ]),
  );
  const byName = new Map(found);
  return {
    subnets: there,
    types,
    image: (name, architecture) =>
      offered(name, architecture, byName.get(name) ?? [], { region: api.region, now: api.now() }),
  };
}

type Size = Pick<OfferedType, "memoryMiB"> & { readonly architecture: Architecture };

async function sizesOf(api: Api, names: readonly string[]): Promise<ReadonlyMap<string, Size>> {
  try {
    const { InstanceTypes = [] } = await api.call((client, options) =>
      client.send(new DescribeInstanceTypesCommand({ InstanceTypes: names as InstanceType[] }), options),
    );
    return new Map(
      InstanceTypes.flatMap(({ InstanceType: name, ProcessorInfo, MemoryInfo }) => {
        const architecture = ProcessorInfo?.SupportedArchitectures?.find((one) => one === "arm64" || one === "x86_64");
        if (name === undefined || architecture === undefined) return [];
        return [[name, { architecture, memoryMiB: MemoryInfo?.SizeInMiB ?? null }] as const];
      }),
    );
  } catch (error) {
    if (codeOf(error) !== "InvalidInstanceType") throw error;
    throw new KctlError({
      code: "aws-refused",
      where: "nodes.instanceType",
      what: `EC2 in ${api.region} has no such instance type: ${(error as KctlError).faults[0]?.detail ?? names.join(", ")}`,
      fix: "see `aws ec2 describe-instance-types`; write one as m7g.large",
    });
  }
}

async function zonesOf(api: Api, names: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const zones = new Map<string, Set<string>>();
  const { InstanceTypeOfferings = [] } = await api.call((client, options) =>
    client.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: "availability-zone",
        Filters: [{ Name: "instance-type", Values: [...names] }],
      }),
      options,
    ),
  );
  for (const { InstanceType: name, Location } of InstanceTypeOfferings) {
    if (name === undefined || Location === undefined) continue;
    zones.set(name, (zones.get(name) ?? new Set()).add(Location));
  }
  return zones;
}

async function imagesBy(api: Api, name: string): Promise<readonly Image[]> {
  const known = knownImage(name);
  const filters: Filter[] =
    known === null
      ? []
      : [
          { Name: "name", Values: Object.values(known.pattern) },
          { Name: "state", Values: ["available"] },
        ];
  try {
    const { Images = [] } = await api.call((client, options) =>
      client.send(
        new DescribeImagesCommand(
          known === null ? { ImageIds: [name] } : { Owners: [known.ownerId], Filters: filters },
        ),
        options,
      ),
    );
    return Images;
  } catch (error) {
    if (codeOf(error)?.startsWith("InvalidAMIID") !== true) throw error;
    return [];
  }
}

/** Throws where there is none of that architecture. */
function offered(
  name: string,
  architecture: Architecture,
  images: readonly Image[],
  { region, now }: { readonly region: string; readonly now: number },
): OfferedImage {
  const fitting = images.filter((image) => image.Architecture === architecture);
  const best = newest(
    fitting.map((image) => ({
      id: image.ImageId ?? "",
      name: image.Name ?? "",
      created: image.CreationDate ?? "",
      state: image.State ?? "",
      // One that is named by its id is meant, outdated or not.
      deprecated: knownImage(name) === null ? null : (image.DeprecationTime ?? null),
      image,
    })),
    new Date(now).toISOString(),
  );
  if (best === null) throw noImage(name, architecture, images, region);
  const { image } = best;
  const user = knownImage(name)?.user ?? userOfImage({ ownerId: image.OwnerId ?? "", name: image.Name ?? "" });
  if (user === null)
    throw new KctlError({
      code: "aws-refused",
      where: "provider.image",
      what: `who logs in to ${name} (${image.Name ?? "without a name"}, of ${image.OwnerId ?? "an unknown owner"}) is not known`,
      fix: "say so at the nodes: `user: admin`",
    });
  return { id: best.id, rootDevice: image.RootDeviceName ?? "/dev/xvda", user };
}

function noImage(name: string, architecture: Architecture, images: readonly Image[], region: string): KctlError {
  const [other] = images;
  const fitting = images.find((image) => image.Architecture === architecture);
  const what =
    other === undefined
      ? `there is no image ${name} in ${region}`
      : fitting === undefined
        ? `the image ${name} is for ${other.Architecture ?? "another architecture"}, and the instance type is ${architecture}`
        : fitting.State === "available"
          ? `every image ${name} in ${region} is deprecated, the last one since ${fitting.DeprecationTime ?? "a while ago"}`
          : `the image ${name} cannot be started from: it is ${fitting.State ?? "in no state that EC2 tells"}`;
  const fix =
    other === undefined
      ? "images have another id in each region; name one by its system (`image: debian-12`), or see `aws ec2 describe-images`"
      : fitting === undefined
        ? "name an image of that architecture, or another instance type"
        : "name another image; one that is deprecated can still be named by its id (`image: ami-…`)";
  return new KctlError({ code: "aws-refused", where: "provider.image", what, fix });
}

/** Where a machine may be, best first: its own zone, then the others, unless its data is bound to one. */
export function placesFor(
  { zone, bound }: WantedMachine,
  { subnets }: Offers,
  publicAddress: boolean,
): Launch["places"] {
  const first = subnets.filter((subnet) => subnet.zone === zone);
  const rest = bound ? [] : subnets.filter((subnet) => subnet.zone !== zone);
  return [...first, ...rest].map(({ id, zone: name, givesPublicAddress }) => ({
    zone: name,
    subnet: id,
    publicAddress: publicAddress && givesPublicAddress,
  }));
}
