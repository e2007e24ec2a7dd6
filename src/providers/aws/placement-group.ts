/** The placement group that keeps a cluster's machines apart, where the spec wants one. */
import {
  CreatePlacementGroupCommand,
  DeletePlacementGroupCommand,
  DescribePlacementGroupsCommand,
  type Filter,
} from "@aws-sdk/client-ec2";
import { clusterTag, type SeenPlacementGroup } from "../../ec2/seen.ts";
import { partitions } from "../../ec2/want-cloud.ts";
import { KctlError } from "../../fault.ts";
import type { Api } from "./api.ts";
import { codeOf } from "./api-fault.ts";
import { tagsFrom } from "./observe.ts";
import { taggedAs } from "./tags.ts";

export async function placementGroupsBy(api: Api, Filters: Filter[]): Promise<readonly SeenPlacementGroup[]> {
  const { PlacementGroups = [] } = await api.call((client, options) =>
    client.send(new DescribePlacementGroupsCommand({ Filters }), options),
  );
  return PlacementGroups.filter(({ State }) => State !== "deleting" && State !== "deleted").map((one) => ({
    id: one.GroupId ?? "",
    name: one.GroupName ?? "",
    strategy: one.Strategy ?? "",
    tags: tagsFrom(one.Tags),
  }));
}

export type PlacementGroupToMake = {
  readonly cluster: string;
  readonly name: string;
  readonly strategy: "spread" | "partition";
  readonly tags: Readonly<Record<string, string>>;
};

/** One that an answer that was lost had made is taken; one of that name without the tag is somebody else's. */
export async function makePlacementGroup(
  api: Api,
  { cluster, name, strategy, tags }: PlacementGroupToMake,
): Promise<SeenPlacementGroup> {
  try {
    const { PlacementGroup } = await api.call((client, options) =>
      client.send(
        new CreatePlacementGroupCommand({
          GroupName: name,
          Strategy: strategy,
          ...(strategy === "partition" ? { PartitionCount: partitions } : {}),
          TagSpecifications: taggedAs("placement-group", tags),
        }),
        options,
      ),
    );
    return { id: PlacementGroup?.GroupId ?? "", name, strategy, tags };
  } catch (error) {
    if (codeOf(error) !== "InvalidPlacementGroup.Duplicate") throw error;
    const [there] = await placementGroupsBy(api, [{ Name: "group-name", Values: [name] }]);
    if (there?.tags[clusterTag] === cluster) return there;
    throw new KctlError({
      code: "aws-not-ours",
      what: `there is a placement group ${name} that kctl did not make`,
      fix: "remove it if it is yours, or give the cluster another name",
    });
  }
}

export async function deletePlacementGroup(api: Api, name: string): Promise<void> {
  try {
    await api.call((client, options) => client.send(new DeletePlacementGroupCommand({ GroupName: name }), options));
  } catch (error) {
    if (codeOf(error) !== "InvalidPlacementGroup.Unknown") throw error;
  }
}
