/**
 * The least that kctl must be allowed to do in an AWS account, as an IAM policy.
 * Source of what can be narrowed by region, tags at creation and tags of the resource:
 * docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html; of CreateTags at creation:
 * docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html.
 */
import type { Spec } from "../spec/schema.ts";

/** What the policy is narrowed to; null: every cluster of kctl's, every region. */
export type PolicyScope = { readonly cluster: string | null; readonly region: string | null };

/** What not every cluster uses. */
const features = ["network", "placementGroup", "instanceProfile", "spot"] as const;
export type PolicyFeature = (typeof features)[number];
export const allFeatures: readonly PolicyFeature[] = features;

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export type Statement = {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Condition;
};

export type Policy = { readonly Version: "2012-10-17"; readonly Statement: readonly Statement[] };

const ownerTag = "kctl:cluster";

export function featuresOf({ nodes, provider }: Spec): readonly PolicyFeature[] {
  if (provider.type !== "aws") return [];
  const used: Readonly<Record<PolicyFeature, boolean>> = {
    network: provider.network?.create !== undefined,
    placementGroup: provider.placement !== "zones",
    instanceProfile: provider.instanceProfile !== undefined,
    spot: nodes.some(({ spot }) => spot === true),
  };
  return features.filter((feature) => used[feature]);
}

const looking = [
  "AvailabilityZones",
  "Images",
  "InstanceAttribute",
  "InstanceStatus",
  "InstanceTypeOfferings",
  "InstanceTypes",
  "Instances",
  "InternetGateways",
  "KeyPairs",
  "NetworkInterfaces",
  "PlacementGroups",
  "RouteTables",
  "SecurityGroupRules",
  "SecurityGroups",
  "Subnets",
  "Tags",
  "Volumes",
  "VolumesModifications",
  "Vpcs",
].map((what) => `ec2:Describe${what}`);

/** Of what is there, by the feature that needs it; null: every cluster does. */
const changing: readonly (readonly [PolicyFeature | null, readonly string[]])[] = [
  [
    null,
    [
      "AttachVolume",
      "AuthorizeSecurityGroupIngress",
      "DeleteKeyPair",
      "DeleteSecurityGroup",
      "DeleteTags",
      "DeleteVolume",
      "DetachVolume",
      "ModifyInstanceAttribute",
      "ModifyVolume",
      "RevokeSecurityGroupIngress",
      "StartInstances",
      "StopInstances",
      "TerminateInstances",
      "UpdateSecurityGroupRuleDescriptionsIngress",
    ],
  ],
  ["placementGroup", ["DeletePlacementGroup"]],
  [
    "network",
    [
      "AssociateRouteTable",
      "AttachInternetGateway",
      "CreateRoute",
      "DeleteInternetGateway",
      "DeleteRouteTable",
      "DeleteSubnet",
      "DeleteVpc",
      "DetachInternetGateway",
      "DisassociateRouteTable",
      "ModifySubnetAttribute",
      "ModifyVpcAttribute",
    ],
  ],
];

/** What is made with its tags, by action: the kinds that get the owner's. */
const making: readonly (readonly [PolicyFeature | null, string, readonly string[]])[] = [
  [null, "RunInstances", ["instance", "volume", "network-interface"]],
  [null, "CreateSecurityGroup", ["security-group"]],
  [null, "CreateVolume", ["volume"]],
  [null, "ImportKeyPair", ["key-pair"]],
  ["placementGroup", "CreatePlacementGroup", ["placement-group"]],
  ["spot", "RunInstances", ["spot-instances-request"]],
  ["network", "CreateVpc", ["vpc"]],
  ["network", "CreateSubnet", ["subnet"]],
  ["network", "CreateInternetGateway", ["internet-gateway"]],
  ["network", "CreateRouteTable", ["route-table"]],
];

/**
 * What an action is given that need not be kctl's. A statement of its own for each, since every action of one is allowed on every kind
 * in it: beside `security-group`, CreateSecurityGroup would need no tag.
 */
const given: readonly (readonly [
  PolicyFeature | null,
  sid: string,
  names: readonly string[],
  kinds: readonly string[],
])[] = [
  [null, "LaunchFrom", ["RunInstances"], ["image", "key-pair", "security-group", "subnet"]],
  ["placementGroup", "LaunchTogether", ["RunInstances"], ["placement-group"]],
  [null, "MakeInVpc", ["CreateSecurityGroup"], ["vpc"]],
  ["network", "MakeNetworkInVpc", ["CreateRouteTable", "CreateSubnet"], ["vpc"]],
];

export function iamPolicy(scope: PolicyScope, used: readonly PolicyFeature[]): Policy {
  const has = ([feature]: readonly [PolicyFeature | null, ...unknown[]]): boolean =>
    feature === null || used.includes(feature);
  const made = making.filter(has);
  const makers = unique(made.map(([, action]) => action));
  const statements: readonly Statement[] = [
    { ...allow("Look", looking, "*"), ...condition(inRegion(scope)) },
    {
      ...allow(
        "MakeWithTheTag",
        actions(makers),
        arns(
          scope,
          made.flatMap(([, , kinds]) => kinds),
        ),
      ),
      ...condition(inRegion(scope), tagged("RequestTag", scope)),
    },
    ...given.filter(has).map(([, sid, names, kinds]): Statement => ({
      ...allow(sid, actions(names), arns(scope, kinds)),
      ...condition(inRegion(scope)),
    })),
    {
      ...allow("TagWhatIsMade", ["ec2:CreateTags"], arn(scope, "*")),
      ...condition(inRegion(scope), tagged("RequestTag", scope), { StringEquals: { "ec2:CreateAction": makers } }),
    },
    {
      ...allow(
        "ChangeWhatIsTagged",
        actions(["CreateTags", ...changing.filter(has).flatMap(([, names]) => names)]),
        arn(scope, "*"),
      ),
      ...condition(inRegion(scope), tagged("ResourceTag", scope)),
    },
    ...(used.includes("instanceProfile") ? [passRole(scope)] : []),
    ...(used.includes("spot") ? [spotRole(scope)] : []),
  ];
  return { Version: "2012-10-17", Statement: statements };
}

/** Every action of a policy, once. */
export function actionsOf({ Statement }: Policy): readonly string[] {
  return unique(Statement.flatMap(({ Action }) => Action)).toSorted();
}

function passRole({ region }: PolicyScope): Statement {
  const service = partitionOf(region) === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
  return {
    ...allow("GiveInstancesTheirProfile", ["iam:PassRole"], `arn:${partitionOf(region)}:iam::*:role/*`),
    Condition: { StringEquals: { "iam:PassedToService": service } },
  };
}

/** Made by the first spot instance that an account ever asks for. */
function spotRole({ region }: PolicyScope): Statement {
  return {
    ...allow(
      "FirstSpotInstance",
      ["iam:CreateServiceLinkedRole"],
      `arn:${partitionOf(region)}:iam::*:role/aws-service-role/spot.amazonaws.com/*`,
    ),
    Condition: { StringEquals: { "iam:AWSServiceName": "spot.amazonaws.com" } },
  };
}

function allow(Sid: string, Action: readonly string[], Resource: Statement["Resource"]): Statement {
  return { Sid, Effect: "Allow", Action, Resource };
}

function actions(names: readonly string[]): readonly string[] {
  return unique(names)
    .map((name) => `ec2:${name}`)
    .toSorted();
}

function arns(scope: PolicyScope, kinds: readonly string[]): readonly string[] {
  return unique(kinds)
    .toSorted()
    .map((kind) => arn(scope, kind));
}

/** An image's ARN has no account, which a star covers as well. */
function arn({ region }: PolicyScope, kind: string): string {
  return `arn:${partitionOf(region)}:ec2:${region ?? "*"}:*:${kind === "*" ? "*" : `${kind}/*`}`;
}

function partitionOf(region: string | null): string {
  if (region === null) return "*";
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

function inRegion({ region }: PolicyScope): Condition {
  return region === null ? {} : { StringEquals: { "aws:RequestedRegion": region } };
}

function tagged(of: "RequestTag" | "ResourceTag", { cluster }: PolicyScope): Condition {
  const key = `aws:${of}/${ownerTag}`;
  return cluster === null ? { Null: { [key]: "false" } } : { StringEquals: { [key]: cluster } };
}

/** All of them must hold. */
function condition(...conditions: readonly Condition[]): Pick<Statement, "Condition"> {
  const merged: Record<string, Record<string, string | readonly string[]>> = {};
  for (const each of conditions)
    for (const [operator, keys] of Object.entries(each)) merged[operator] = { ...merged[operator], ...keys };
  return Object.keys(merged).length === 0 ? {} : { Condition: merged };
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}
