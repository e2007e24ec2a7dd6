/** Whether machines can be launched: what EC2 offers against what is wanted, and what these credentials may not do. Changes nothing. */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreatePlacementGroupCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  ImportKeyPairCommand,
  RunInstancesCommand,
  type CreateSecurityGroupCommandInput,
  type RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import type { Cluster } from "../../cluster/cluster.ts";
import { offerFindings } from "../../preflight/offer-findings.ts";
import { instanceOf, type SeenGroup } from "../../ec2/seen.ts";
import { nameInAccount } from "../../ec2/want-cloud.ts";
import { trialsOf, type Trial } from "../../ec2/trials.ts";
import type { WantedMachine } from "../../ec2/wanted.ts";
import { faultsOf, type Fault } from "../../fault.ts";
import type { Change } from "../../plan/change.ts";
import type { FleetJudged } from "../provider.ts";
import { codeOf, deniedAction, deniedFault } from "./api-fault.ts";
import { must, type CloudSession } from "./cloud-session.ts";
import type { Offers } from "./offers.ts";
import { permissionsOf } from "./security-group.ts";
import { taggedAs, tagList } from "./tags.ts";

export async function judge(session: CloudSession, cluster: Cluster, changes: readonly Change[]): Promise<FleetJudged> {
  const offers = session.offers();
  const wanted = session.want(cluster);
  const coming = wanted.machines.filter(({ node }) => instanceOf(session.seen(), node) === null);
  const [first] = coming;
  if (offers === null || first === undefined) return { findings: [], faults: [] };
  const group = session.seen().groups.find(({ name }) => name === wanted.group.name) ?? null;
  const parts = { machine: first, offers, group };
  const tried = trialsOf(changes, group !== null);
  return {
    findings: offerFindings(coming, wanted.members, offers),
    faults: await refusals(tried.map((trial) => attempt(session, trial, parts))),
  };
}

/** What such calls are refused for beside want of leave may come of what is still to be made: only limits are taken at their word. */
async function refusals(attempts: readonly Promise<unknown>[]): Promise<readonly Fault[]> {
  const errors = (await Promise.allSettled(attempts)).flatMap((one) =>
    one.status === "rejected" && codeOf(one.reason) !== "DryRunOperation" ? [one.reason as unknown] : [],
  );
  const denied = errors.flatMap((error) => deniedAction(error) ?? []);
  const others = errors.flatMap((error) => faultsOf(error));
  return [
    ...(denied.length === 0 ? [] : [deniedFault(denied)]),
    ...others.filter(({ code }) => code === "aws-limit" || code === "aws-credentials" || code === "interrupted"),
  ];
}

type Parts = {
  readonly machine: WantedMachine;
  readonly offers: Offers;
  readonly group: SeenGroup | null;
};

/** With the tags that the real call has: leave may hang on them. */
async function attempt(session: CloudSession, trial: Trial, parts: Parts): Promise<unknown> {
  const { api, spec, tags } = session;
  const { offers, group } = parts;
  const dry = { DryRun: true } as const;
  // It counts among the launches.
  if (trial === "RunInstances") await session.mayLaunch();
  return api.call(async (client, options): Promise<unknown> => {
    switch (trial) {
      case "RunInstances":
        return client.send(new RunInstancesCommand({ ...launchOf(session, parts), ...dry }), options);
      case "CreateVpc":
        return client.send(
          new CreateVpcCommand({
            CidrBlock: session.provider.network?.create ?? "",
            TagSpecifications: taggedAs("vpc", tags),
            ...dry,
          }),
          options,
        );
      case "CreateInternetGateway":
        return client.send(
          new CreateInternetGatewayCommand({ TagSpecifications: taggedAs("internet-gateway", tags), ...dry }),
          options,
        );
      case "CreatePlacementGroup":
        return client.send(
          new CreatePlacementGroupCommand({
            GroupName: nameInAccount(spec.name),
            Strategy: "spread",
            TagSpecifications: taggedAs("placement-group", tags),
            ...dry,
          }),
          options,
        );
      case "CreateSecurityGroup":
        return client.send(new CreateSecurityGroupCommand({ ...groupOf(session, offers), ...dry }), options);
      case "AuthorizeSecurityGroupIngress": {
        const { id } = must(group, "a security group");
        const IpPermissions = permissionsOf(session.want(session.bare()).group.rules.slice(0, 1), id);
        return client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: id, IpPermissions, ...dry }), options);
      }
      case "CreateTags": {
        const { id } = must(group, "a security group");
        return client.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags), ...dry }), options);
      }
      case "ImportKeyPair":
        return client.send(
          new ImportKeyPairCommand({
            KeyName: nameInAccount(spec.name),
            PublicKeyMaterial: Buffer.from(await session.key.publicKey()),
            TagSpecifications: taggedAs("key-pair", tags),
            ...dry,
          }),
          options,
        );
    }
  });
}

function groupOf({ spec, tags }: CloudSession, { subnets: [subnet] }: Offers): CreateSecurityGroupCommandInput {
  return {
    GroupName: nameInAccount(spec.name),
    Description: `Made by kctl for the Kafka cluster ${spec.name}`,
    ...(subnet === undefined ? {} : { VpcId: subnet.vpc }),
    TagSpecifications: taggedAs("security-group", tags),
  };
}

/** The first machine without what is still to be made. */
function launchOf(
  { tags, provider: { instanceProfile } }: CloudSession,
  { machine, offers, group }: Parts,
): RunInstancesCommandInput {
  const [type = ""] = machine.types;
  const place = offers.subnets.find(({ zone }) => zone === machine.zone) ?? offers.subnets[0];
  return {
    MinCount: 1,
    MaxCount: 1,
    ImageId: offers.image(machine.image, offers.types.get(type)?.architecture ?? "x86_64").id,
    InstanceType: type as NonNullable<RunInstancesCommandInput["InstanceType"]>,
    ...(place === undefined ? {} : { SubnetId: place.id }),
    ...(group === null || place === undefined ? {} : { SecurityGroupIds: [group.id] }),
    ...(instanceProfile === undefined
      ? {}
      : {
          IamInstanceProfile: instanceProfile.startsWith("arn:") ? { Arn: instanceProfile } : { Name: instanceProfile },
        }),
    ...(machine.spot ? { InstanceMarketOptions: { MarketType: "spot" as const } } : {}),
    TagSpecifications: (["instance", "volume", "network-interface"] as const).flatMap((kind) => taggedAs(kind, tags)),
  };
}
