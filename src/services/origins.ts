/** Which key of the spec moves a port. */
import type { Platform } from "../cluster/platform.ts";
import type { Origin } from "./desired.ts";

/** On one machine `provider.port` moves every port; `port` is one of them as it is now, and `of` finds it in a line. */
export function movedPort(platform: Platform, port: number | undefined, of: string): readonly Origin[] {
  if (platform.provider !== "local" || port === undefined) return [];
  return [{ field: "provider.port", reads: { kind: "number", of, plus: 9092 + platform.portShift - port } }];
}
