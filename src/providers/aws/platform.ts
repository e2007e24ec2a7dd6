/** The machines of the aws provider: once EC2 has made them, everything lies on them as on those of ssh. */
import type { Platform } from "../../cluster/platform.ts";
import { sshPlatform } from "../ssh/platform.ts";

/** @param addresses of nodes, by name, once EC2 was asked */
export function awsPlatform(cluster: string, addresses: Readonly<Record<string, string>> = {}): Platform {
  return { ...sshPlatform(cluster, addresses), provider: "aws" };
}
