/** The policy: what it allows, on what, and that nothing in it reaches what is not kctl's. */
import { describe, expect, test } from "vitest";
import {
  actionsOf,
  allFeatures,
  featuresOf,
  iamPolicy,
  type Policy,
  type PolicyFeature,
  type Statement,
} from "../../src/ec2/iam-policy.ts";
import { specWith } from "./cluster.ts";

const demo = { cluster: "demo", region: "eu-central-1" };
const everything = iamPolicy({ cluster: null, region: null }, allFeatures);
const smallest = iamPolicy(demo, []);

function statement({ Statement }: Policy, sid: string): Statement | undefined {
  return Statement.find(({ Sid }) => Sid === sid);
}

describe("the policy", () => {
  test("of one cluster: its region and its name in each statement that changes anything", () => {
    for (const { Sid, Condition, Resource } of smallest.Statement) {
      expect(Condition?.["StringEquals"]?.["aws:RequestedRegion"], Sid).toBe("eu-central-1");
      if (Sid !== "Look")
        expect(
          [Resource].flat().every((arn) => arn.startsWith("arn:aws:ec2:eu-central-1:")),
          Sid,
        ).toBe(true);
    }
    expect(statement(smallest, "MakeWithTheTag")?.Condition).toEqual({
      StringEquals: { "aws:RequestedRegion": "eu-central-1", "aws:RequestTag/kctl:cluster": "demo" },
    });
    expect(statement(smallest, "ChangeWhatIsTagged")?.Condition).toEqual({
      StringEquals: { "aws:RequestedRegion": "eu-central-1", "aws:ResourceTag/kctl:cluster": "demo" },
    });
    expect(statement(smallest, "TagWhatIsMade")?.Condition).toEqual({
      StringEquals: {
        "aws:RequestedRegion": "eu-central-1",
        "aws:RequestTag/kctl:cluster": "demo",
        "ec2:CreateAction": ["RunInstances", "CreateSecurityGroup", "CreateVolume", "ImportKeyPair"],
      },
    });
  });

  test("of every cluster: the tag must be there, whatever it says", () => {
    expect(statement(everything, "MakeWithTheTag")?.Condition).toEqual({
      Null: { "aws:RequestTag/kctl:cluster": "false" },
    });
    expect(statement(everything, "ChangeWhatIsTagged")?.Condition).toEqual({
      Null: { "aws:ResourceTag/kctl:cluster": "false" },
    });
  });

  test.each([
    ["everything", everything],
    ["the smallest", smallest],
  ])("%s: without the tag, nothing but looking and using what is there", (_, policy) => {
    const untagged = policy.Statement.filter(
      ({ Condition }) => !JSON.stringify(Condition ?? {}).includes("kctl:cluster"),
    );
    const kinds = untagged
      .filter(({ Action }) => Action.some((action) => action.startsWith("ec2:") && !action.startsWith("ec2:Describe")))
      .map(({ Action, Resource }) =>
        [
          Action.join(),
          [Resource]
            .flat()
            .map((arn) => arn.split(":")[5])
            .join(),
        ].join(" on "),
      );
    const wanted = [
      "ec2:RunInstances on image/*,key-pair/*,security-group/*,subnet/*",
      "ec2:RunInstances on placement-group/*",
      "ec2:CreateSecurityGroup on vpc/*",
      "ec2:CreateRouteTable,ec2:CreateSubnet on vpc/*",
    ];
    expect(wanted).toEqual(expect.arrayContaining(kinds));
    expect(kinds.length).toBe(policy === everything ? 4 : 2);
  });

  test("each statement has a name of its own, and IAM takes its length", () => {
    const names = everything.Statement.map(({ Sid }) => Sid);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9]+$/);
    // docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: blanks are not counted.
    expect(JSON.stringify(everything).length).toBeLessThan(6144);
  });

  test.each<[PolicyFeature, readonly string[]]>([
    ["placementGroup", ["ec2:CreatePlacementGroup", "ec2:DeletePlacementGroup"]],
    ["instanceProfile", ["iam:PassRole"]],
    ["spot", ["iam:CreateServiceLinkedRole"]],
    [
      "network",
      [
        "ec2:AssociateRouteTable",
        "ec2:AttachInternetGateway",
        "ec2:CreateInternetGateway",
        "ec2:CreateRoute",
        "ec2:CreateRouteTable",
        "ec2:CreateSubnet",
        "ec2:CreateVpc",
        "ec2:DeleteInternetGateway",
        "ec2:DeleteRouteTable",
        "ec2:DeleteSubnet",
        "ec2:DeleteVpc",
        "ec2:DetachInternetGateway",
        "ec2:DisassociateRouteTable",
        "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute",
      ],
    ],
  ])("%s adds its own actions and no others", (feature, added) => {
    const before = new Set(actionsOf(smallest));
    expect(actionsOf(iamPolicy(demo, [feature])).filter((action) => !before.has(action))).toEqual(added);
  });

  test.each([
    ["cn-north-1", "arn:aws-cn:ec2:cn-north-1:*:*"],
    ["us-gov-west-1", "arn:aws-us-gov:ec2:us-gov-west-1:*:*"],
    ["eu-central-1", "arn:aws:ec2:eu-central-1:*:*"],
    [null, "arn:*:ec2:*:*:*"],
  ])("in %s it is of %s", (region, resource) => {
    expect(statement(iamPolicy({ cluster: "demo", region }, []), "ChangeWhatIsTagged")?.Resource).toBe(resource);
  });

  test.each<[object, readonly PolicyFeature[]]>([
    [{}, []],
    [{ provider: { type: "aws", region: "r", network: { create: "10.20.0.0/16" } } }, ["network"]],
    [{ provider: { type: "aws", region: "r", network: { vpc: "vpc-1" } } }, []],
    [
      { provider: { type: "aws", region: "r", placement: "spread", instanceProfile: "p" } },
      ["placementGroup", "instanceProfile"],
    ],
    [{ nodes: [{ name: "a", roles: ["broker"], spot: true }] }, ["spot"]],
    [{ provider: { type: "local" } }, []],
  ])("a spec with %j uses %j", (over, wanted) => {
    expect(featuresOf(specWith(over))).toEqual(wanted);
  });
});
