import { expect, test } from "vitest";
import { cloudChanges } from "../../src/ec2/cloud-changes.ts";
import type { ThereRule } from "../../src/ec2/security-rules.ts";
import { nameInAccount, wantCloud, type AwsSpec } from "../../src/ec2/want-cloud.ts";
import { clusterWith, specWith } from "./cluster.ts";

const world = (over: Partial<ThereRule>): ThereRule => ({
  id: "",
  protocol: "tcp",
  from: 2181,
  to: 2181,
  source: { kind: "cidr", cidr: "0.0.0.0/0" },
  description: "",
  ...over,
});

const end = { expires: null, refusals: [], obstacles: [] };

/** The obstacles of a plan with these rules there, and these ports that may be open. */
function obstacles(rules: readonly ThereRule[], allowWorld: readonly number[] = []): readonly string[] {
  const given = { provider: { type: "aws", region: "eu-central-1", access: { allowWorld } } };
  const spec = specWith(given);
  const group = { id: "sg-1", name: nameInAccount("demo"), vpc: "vpc-1", rules, tags: {} };
  const seen = { instances: [], volumes: [], groups: [group], keys: [] };
  const provider = spec.provider as AwsSpec;
  const wanted = wantCloud({ spec, provider, cluster: clusterWith(given), seen, zones: null, sshFrom: [], end });
  return cloudChanges(wanted, seen, true).obstacles.map(({ what }) => what);
}

test.each<[string, readonly ThereRule[], readonly number[], readonly string[]]>([
  ["nothing", [], [], []],
  [
    "another's rule",
    [world({ description: "VPN" })],
    [],
    [
      "a rule of the security group (tcp 2181 from 0.0.0.0/0  (VPN)), which is not of kctl's making, opens port 2181 (ZooKeeper server, client) to 0.0.0.0/0: to everybody",
    ],
  ],
  ["another's rule that the spec allows", [world({})], [2181], []],
  ["a rule of kctl's that the plan removes", [world({ description: "kctl: old" })], [], []],
  ["another's rule for clients", [world({ from: 9092, to: 9092 })], [], []],
])("a plan with a group that has %s", (_, rules, allowed, wanted) => {
  expect(obstacles(rules, allowed)).toEqual(wanted);
});
