/**
 * Machine images by name: whose they are, what they are called, and who logs in there.
 * Sources: wiki.debian.org/Cloud/AmazonEC2Image (and its pages Bookworm and Trixie); documentation.ubuntu.com/aws,
 * "Find Ubuntu images on AWS"; docs.aws.amazon.com/linux/al2023/ug/naming-and-versioning.html; login names:
 * docs.aws.amazon.com/AWSEC2/latest/UserGuide/managing-users.html.
 */
import type { imageNames } from "../spec/provider-schema.ts";

export type Architecture = "x86_64" | "arm64";
type ImageName = (typeof imageNames)[number];

export type KnownImage = {
  /** The account that publishes it. */
  readonly ownerId: string;
  /** Filters of DescribeImages by `name`. */
  readonly pattern: Readonly<Record<Architecture, string>>;
  readonly user: string;
  readonly rootDevice: string;
};

const debianOwner = "136693071363";
const canonical = "099720109477";
const amazon = "137112412989";

function debian(version: number): KnownImage {
  return {
    ownerId: debianOwner,
    pattern: { x86_64: `debian-${version}-amd64-*`, arm64: `debian-${version}-arm64-*` },
    user: "admin",
    rootDevice: "/dev/xvda",
  };
}

function ubuntu(folder: string): KnownImage {
  const path = `ubuntu/images/${folder}`;
  return {
    ownerId: canonical,
    pattern: { x86_64: `${path}-amd64-server-*`, arm64: `${path}-arm64-server-*` },
    user: "ubuntu",
    rootDevice: "/dev/sda1",
  };
}

/** Of Amazon Linux the kernel that it was made with, neither `minimal` nor those for ECS, which are called otherwise. */
const al2023: KnownImage = {
  ownerId: amazon,
  pattern: { x86_64: "al2023-ami-2023.*-kernel-6.1-x86_64", arm64: "al2023-ami-2023.*-kernel-6.1-arm64" },
  user: "ec2-user",
  rootDevice: "/dev/xvda",
};

export const knownImages: Readonly<Record<ImageName, KnownImage>> = {
  "debian-12": debian(12),
  "debian-13": debian(13),
  "ubuntu-24.04": ubuntu("hvm-ssd-gp3/ubuntu-noble-24.04"),
  "ubuntu-22.04": ubuntu("hvm-ssd/ubuntu-jammy-22.04"),
  "amazon-linux-2023": al2023,
};

export function knownImage(name: string): KnownImage | null {
  return Object.hasOwn(knownImages, name) ? knownImages[name as ImageName] : null;
}

/** An image as EC2 describes it; times are ISO 8601 in UTC. */
export type Image = {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly created: string;
  /** When its owner calls it outdated; null: never. */
  readonly deprecated: string | null;
};

/**
 * The newest that can be started; where two were made at once, the one whose id comes last, so that everybody takes the same.
 * @param now ISO 8601 in UTC
 */
export function newest<T extends Image>(images: readonly T[], now: string): T | null {
  const usable = images.filter(
    ({ state, deprecated }) => state === "available" && (deprecated === null || deprecated > now),
  );
  const order = ({ created, id }: T): string => `${created} ${id}`;
  return usable.reduce<T | null>((best, image) => (best === null || order(image) > order(best) ? image : best), null);
}

/** Who logs in to an image that was named by its id; null: nobody knows, the spec must say it. */
export function userOfImage({ ownerId, name }: { readonly ownerId: string; readonly name: string }): string | null {
  const known = Object.values(knownImages).find((image) => image.ownerId === ownerId);
  if (known !== undefined) return known.user;
  // A copy of one is mostly still called like it.
  if (/debian/i.test(name)) return "admin";
  if (/ubuntu/i.test(name)) return "ubuntu";
  return /^(al2023|amzn2|amzn)[-_.]/i.test(name) ? "ec2-user" : null;
}
