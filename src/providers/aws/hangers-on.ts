/** What keeps a security group from being removed, though it is none of the cluster's. */
import { DescribeNetworkInterfacesCommand } from "@aws-sdk/client-ec2";
import type { SeenGroup } from "../../ec2/seen.ts";
import type { Api } from "./api.ts";
import { groupsBy } from "./observe.ts";

/** Of each group that is left, what refers to it and is not the cluster's: it cannot go before that does. */
export async function hangersOn(
  api: Api,
  groups: readonly SeenGroup[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = groups.map(async ({ id }) => {
    try {
      const [referring, { NetworkInterfaces = [] }] = await Promise.all([
        groupsBy(api, [{ Name: "ip-permission.group-id", Values: [id] }]),
        api.call((client, options) =>
          client.send(new DescribeNetworkInterfacesCommand({ Filters: [{ Name: "group-id", Values: [id] }] }), options),
        ),
      ]);
      const others = referring.filter((one) => one.id !== id);
      return [
        id,
        [
          ...others.map((one) => `a rule of the security group ${one.name} (${one.id})`),
          ...NetworkInterfaces.map(({ NetworkInterfaceId = "" }) => `the network interface ${NetworkInterfaceId}`),
        ],
      ] as const;
    } catch {
      // Who may not look is told without it.
      return [id, []] as const;
    }
  });
  return new Map(await Promise.all(found));
}
