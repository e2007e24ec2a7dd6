/** A cluster that kctl does not manage: it has no machines here, and nothing lies on any. */
import type { Platform } from "../../cluster/platform.ts";

export const externalPlatform: Platform = {
  provider: "external",
  root: "/",
  folders: { config: "", data: "", log: "", run: "" },
  sharedAddress: null,
  nodes: null,
  portShift: 0,
  portStep: 0,
  profile: "server",
  machine: null,
};
