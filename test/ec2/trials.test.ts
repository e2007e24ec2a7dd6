import { expect, test } from "vitest";
import { cloudChange } from "../../src/ec2/cloud-change.ts";
import { trialsOf } from "../../src/ec2/trials.ts";
import type { CloudStep } from "../../src/plan/change.ts";

const instance: CloudStep = { kind: "instance", type: "m7g.large", image: "debian-12", zone: "a", volume: null };
const group: CloudStep = { kind: "group", name: "kctl-demo" };
const network: CloudStep = { kind: "network", cidr: "10.20.0.0/16" };
const key: CloudStep = { kind: "key", name: "kctl-demo" };
const rules: CloudStep = { kind: "rules" };

test.each<[string, readonly CloudStep[], boolean, readonly string[]]>([
  ["nothing to do", [], true, []],
  ["rules alone: what there is was made by the same hand", [rules], true, []],
  [
    "a cluster out of nothing",
    [group, rules, key, instance, instance],
    false,
    ["RunInstances", "CreateSecurityGroup", "ImportKeyPair"],
  ],
  [
    "a network as well",
    [network, group, rules, key, instance],
    false,
    ["RunInstances", "CreateVpc", "CreateInternetGateway", "CreateSecurityGroup", "ImportKeyPair"],
  ],
  [
    "more than are tried at once",
    [network, { kind: "placement", name: "kctl-demo", strategy: "spread" }, group, rules, key, instance],
    false,
    ["RunInstances", "CreateVpc", "CreateInternetGateway", "CreatePlacementGroup", "CreateSecurityGroup"],
  ],
  ["one more machine", [instance], true, ["RunInstances", "CreateTags"]],
  [
    "one more machine and other rules",
    [rules, instance],
    true,
    ["RunInstances", "AuthorizeSecurityGroupIngress", "CreateTags"],
  ],
])("%s", (_, steps, isThere, wanted) => {
  const changes = steps.map((step, index) => cloudChange(String(index), "create", step, ""));
  expect(trialsOf(changes, isThere)).toEqual(wanted);
  expect(trialsOf(changes, isThere).length).toBeLessThanOrEqual(5);
});
