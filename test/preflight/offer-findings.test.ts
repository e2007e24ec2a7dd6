import { describe, expect, test } from "vitest";
import type { SeenSubnet } from "../../src/ec2/seen.ts";
import type { WantedMachine } from "../../src/ec2/wanted.ts";
import { offerFindings, type OffersSeen } from "../../src/preflight/offer-findings.ts";
import { clusterWith } from "../ec2/cluster.ts";

const machine = (over: Partial<WantedMachine> = {}): WantedMachine => ({
  node: "k-1",
  types: ["m7g.large"],
  image: "debian-12",
  zone: "a",
  bound: false,
  spot: false,
  rootGiB: 16,
  partition: null,
  protected: false,
  ends: false,
  volume: null,
  ids: "",
  ...over,
});

const subnet = (zone: string, freeAddresses = 100): SeenSubnet => ({
  id: `subnet-${zone}`,
  vpc: "vpc-1",
  zone,
  cidr: "10.0.0.0/24",
  givesPublicAddress: true,
  freeAddresses,
});

const offers = (over: Partial<OffersSeen> = {}): OffersSeen => ({
  subnets: [subnet("a"), subnet("b")],
  types: new Map([
    ["m7g.large", { architecture: "arm64", memoryMiB: 8192, zones: new Set(["a", "b"]) }],
    ["m7g.medium", { architecture: "arm64", memoryMiB: 3600, zones: new Set(["b"]) }],
    ["t4g.nano", { architecture: "arm64", memoryMiB: 512, zones: new Set(["c"]) }],
  ]),
  ...over,
});

const { members } = clusterWith({ kafka: { version: "3.9.1", heap: "2GiB" }, zookeeper: { heap: "512MiB" } });

const shown = (machines: readonly WantedMachine[], given: OffersSeen): readonly string[] =>
  offerFindings(machines, members, given).map(({ level, id, node, measured }) => `${level} ${id} ${node}: ${measured}`);

describe("machines against what EC2 offers", () => {
  test.each<[string, readonly WantedMachine[], Partial<OffersSeen>, readonly string[]]>([
    ["all is well", [machine()], {}, []],
    [
      "a type of another zone",
      [machine({ types: ["m7g.medium"] })],
      {},
      ["warning instance-type k-1: in b only", "warning memory k-1: m7g.medium has 3600 MiB of memory"],
    ],
    [
      "a list of which one will do",
      [machine({ types: ["m7g.medium", "m7g.large"], zone: "b" })],
      {},
      ["warning memory k-1: m7g.medium has 3600 MiB of memory"],
    ],
    [
      "a type of another zone than the data's",
      [machine({ types: ["m7g.medium"], bound: true })],
      {},
      ["error instance-type k-1: in b only", "warning memory k-1: m7g.medium has 3600 MiB of memory"],
    ],
    [
      "a type of no zone, smaller than the heaps",
      [machine({ types: ["t4g.nano"] })],
      {},
      ["error instance-type k-1: in none of its zones", "error memory k-1: t4g.nano has 512 MiB of memory"],
    ],
    ["a network that is still to be made", [machine({ types: ["m7g.large"], zone: "z" })], { subnets: [] }, []],
    ["a type that EC2 tells nothing of", [machine({ types: ["x9"] })], {}, []],
    [
      "too few addresses",
      [machine(), machine({ node: "k-2" }), machine({ node: "k-3", zone: "b" })],
      { subnets: [subnet("a", 1), subnet("b", 1)] },
      ["error subnet-addresses null: 1 free"],
    ],
  ])("%s", (_, machines, over, wanted) => {
    expect(shown(machines, offers(over))).toEqual(wanted);
  });

  test("a heap over the memory is an error with the numbers", () => {
    const [finding] = offerFindings([machine({ types: ["t4g.nano"] })], members, offers({ subnets: [] }));
    expect(finding).toEqual({
      id: "memory",
      node: "k-1",
      level: "error",
      what: "the heaps of its servers are larger than its memory (MiB: k-1/zookeeper 512, k-1/broker 2048)",
      measured: "t4g.nano has 512 MiB of memory",
      wanted: "more than 2560 MiB, which is the heaps alone",
      fix: "make the heaps smaller (`kafka.heap`, `zookeeper.heap`, `nodes.heap`), or take a larger `instanceType`",
    });
  });
});
