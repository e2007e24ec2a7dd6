/** The ids of a cluster's servers, as the tags of its machines have them. */
import type { Role } from "../../cluster/cluster.ts";
import type { KnownIds } from "../../cluster/known-ids.ts";
import { idsTag, type SeenInstance } from "../../ec2/seen.ts";
import { roles } from "../../spec/formats.ts";

/** `broker=1,zookeeper=1` of every machine, gone ones included: an id is not given twice. */
export function idsInTags(instances: readonly SeenInstance[]): KnownIds {
  const members: Record<string, number> = {};
  const highest: Partial<Record<Role, number>> = {};
  for (const { node, tags } of instances) {
    for (const word of (tags[idsTag] ?? "").split(",")) {
      const [role = "", id = ""] = word.split("=");
      const known = roles.find((one) => one === role);
      if (node === null || known === undefined || !/^\d+$/.test(id)) continue;
      members[`${node}/${known}`] = Number(id);
      highest[known] = Math.max(highest[known] ?? 0, Number(id));
    }
  }
  return { members, highest };
}
