/** What the look saw of a data volume: whether it is there, what is on it, where it is mounted. Pure. */
import type { ObservedVolume, VolumeContent } from "../../plan/observed.ts";
import type { DesiredVolume } from "../../services/desired.ts";
import type { Record, Records } from "./look-records.ts";

export function volumeSeen({ mountPoint }: DesiredVolume, records: Records): ObservedVolume {
  const [volume] = records("volume");
  const mounts = records("mount").map(({ fields: [whose = "", point = "", type = "", source = ""] }) => ({
    isIts: whose === "its",
    point,
    what: `${source} (${type})`,
  }));
  // Of several at one place the last is what is seen there.
  const there = mounts.findLast(({ point }) => point === mountPoint);
  const size = records("mounted")[0]?.fields[0];
  return {
    device:
      volume === undefined
        ? null
        : {
            path: volume.fields[0] ?? "",
            bytes: Number(volume.fields[1] ?? 0),
            content: contentOf(volume),
          },
    mounts: mounts.flatMap(({ isIts, point }) => (isIts ? point : [])),
    inPlace: there === undefined || there.isIts ? null : there.what,
    fileSystemBytes: size === undefined ? null : Number(size),
    hides: (records("hides")[0]?.bytes().toString() ?? "").split("\n").filter((path) => path !== ""),
  };
}

function contentOf(record: Record): VolumeContent {
  switch (record.lines.join("")) {
    case "blank":
      return { kind: "blank" };
    case "own":
      return { kind: "own" };
    case "torn":
      return { kind: "other", what: "something that no program knows (its first MiB is not all zeros)" };
    case "several":
      return { kind: "other", what: "signs of several file systems" };
    case "unknown":
      return { kind: "other", what: "something that could not be read (`blkid -p` failed)" };
    default:
      return { kind: "other", what: namedBy(record.bytes().toString()) };
  }
}

/** As blkid tells it, a line each: `TYPE=ext4`. */
function namedBy(said: string): string {
  const value = (name: string): string | null => new RegExp(`^${name}=(.*)$`, "m").exec(said)?.[1] ?? null;
  const uuid = value("UUID");
  const type = value("TYPE");
  if (type !== null) return `${type}${uuid === null ? "" : ` (UUID ${uuid})`}`;
  const table = value("PTTYPE");
  return table === null ? "something that blkid knows" : `a partition table (${table})`;
}
