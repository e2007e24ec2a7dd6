/** What is known of a spec's machines without asking anybody. */
import type { Platform } from "../cluster/platform.ts";
import type { Spec } from "../spec/schema.ts";
import { awsPlatform } from "./aws/platform.ts";
import { externalPlatform } from "./external/platform.ts";
import { localPlatform } from "./local/platform.ts";
import { sshPlatform } from "./ssh/platform.ts";

/** @param folder the spec's own: relative paths in it start there */
export function platformOf({ name, provider }: Spec, folder: string): Platform {
  switch (provider.type) {
    case "local":
      return localPlatform(name, provider, folder);
    case "ssh":
      return sshPlatform(name);
    case "aws":
      return awsPlatform(name);
    case "external":
      return externalPlatform;
  }
}
