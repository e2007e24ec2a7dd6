/** The machines of the aws provider: once EC2 has made them, everything lies on them as on those of ssh. */
import type { NodeFacts, Platform } from "../../cluster/platform.ts";
import { sshPlatform } from "../ssh/platform.ts";

/**
 * @param addresses of nodes among themselves, by name, once EC2 was asked
 * @param nodes what EC2 says of machines, or is to make of them
 */
export function awsPlatform(
  cluster: string,
  addresses: Readonly<Record<string, string>> = {},
  nodes: Readonly<Record<string, NodeFacts>> = {},
): Platform {
  return { ...sshPlatform(cluster, addresses), provider: "aws", nodes };
}
