/** What was seen in EC2, of a few words each. */
import { clusterTag, nodeTag, type SeenCloud, type SeenInstance, type SeenVolume } from "../../src/ec2/seen.ts";

type Tags = Readonly<Record<string, string>>;

export const nothingSeen: SeenCloud = { instances: [], volumes: [], groups: [], keys: [] };

/** Tags of a cluster `demo`, and these. */
function demo(tags: Tags = {}): Tags {
  return { [clusterTag]: "demo", ...tags };
}

export function instance(node: string, over: Partial<SeenInstance> & { readonly tags?: Tags } = {}): SeenInstance {
  return {
    id: `i-${node}`,
    node,
    state: "running",
    stateReason: null,
    type: "m7g.large",
    imageId: "ami-1",
    zone: "eu-central-1a",
    subnet: "subnet-1",
    vpc: "vpc-1",
    privateAddress: "172.31.0.4",
    publicAddress: null,
    launched: "2026-01-01T00:00:00.000Z",
    volumes: [],
    groups: [],
    protected: null,
    ...over,
    tags: demo({ [nodeTag]: node, ...over.tags }),
  };
}

export function volume(node: string, over: Partial<SeenVolume> = {}): SeenVolume {
  return {
    id: `vol-${node}`,
    node,
    state: "in-use",
    sizeGiB: 10,
    type: "gp3",
    iops: 3000,
    throughput: 125,
    zone: "eu-central-1a",
    attached: { instance: `i-${node}`, device: "/dev/sdf" },
    ...over,
    tags: demo({ [nodeTag]: node, ...over.tags }),
  };
}

export function group(tags: Tags = {}): SeenCloud["groups"][number] {
  return { id: "sg-1", name: "kctl-demo", vpc: "vpc-1", rules: [], tags: demo(tags) };
}

export function key(name = "kctl-demo", tags: Tags = {}): SeenCloud["keys"][number] {
  return { id: `key-${name}`, name, tags: demo(tags) };
}
