/** This machine, as the local provider uses it: every node is a folder, told apart by ports. */
import { join, resolve } from "node:path";
import type { Platform } from "../../cluster/platform.ts";
import type { Spec } from "../../spec/schema.ts";

type LocalSpec = Extract<Spec["provider"], { type: "local" }>;

export function localPlatform(cluster: string, spec: LocalSpec, folder: string): Platform {
  const root = join(resolve(folder, spec.folder), cluster);
  const inRole = (name: string): string => join(root, "{node}", "{role}", name);
  return {
    provider: "local",
    root,
    folders: { config: inRole("config"), data: inRole("data"), log: inRole("log"), run: inRole("run") },
    sharedAddress: "127.0.0.1",
    nodes: null,
    portShift: spec.port - 9092,
    portStep: 10,
    profile: "laptop",
    machine: null,
  };
}
