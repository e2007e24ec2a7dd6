/**
 * Whether a file on a machine would have a server that read it run otherwise than it is to. A unit starts its server again by itself,
 * after a crash or a reboot, from whatever the files hold by then; what stands in its command line does not tell of that.
 */
import type { DesiredFile } from "../services/desired.ts";
import { contentDigest } from "./content-digest.ts";
import type { ObservedFile } from "./observed.ts";

/** @param isLive whether a setting is changed without a restart, whatever stands in the file */
export function isReadOtherwise(
  { content, readAtStart }: Pick<DesiredFile, "content" | "readAtStart">,
  seen: ObservedFile | undefined,
  isLive: (key: string) => boolean,
): boolean {
  if (seen?.kind !== "file" || seen.digest === contentDigest(content)) return false;
  // It is read again by itself.
  if (readAtStart === "") return false;
  if (readAtStart === undefined || seen.content === null) return true;
  const bare = (text: string): string =>
    text
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("#") && !isLive(line.split("=", 1)[0] ?? ""))
      .toSorted()
      .join("\n");
  return bare(seen.content) !== bare(readAtStart);
}
