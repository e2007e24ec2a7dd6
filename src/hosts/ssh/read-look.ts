/** What the look's script printed, as what was seen. Pure. */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { ObservedFile, ObservedFolder, ObservedHost } from "../../plan/observed.ts";
import type { DesiredFile, DesiredHost, Owner } from "../../services/desired.ts";
import { parseStoredId } from "../stored-ids.ts";
import { shownBytes } from "./look-script.ts";
import { portsSeen, processesSeen } from "./read-look-processes.ts";
import { machineSeen, unitsSeen } from "./read-look-machine.ts";
import { recordsIn, type Records } from "./look-records.ts";

/** null: the script did not come to its end, so that nothing of it may be believed. A text: what kept it from looking. */
export function readLook(stdout: string, desired: DesiredHost): ObservedHost | string | null {
  const records = recordsIn(stdout);
  if (records === null) return null;
  const [trouble] = records("trouble");
  if (trouble !== undefined) return trouble.fields.join(" ");
  const at = seenAt(records);
  const files = fileReader(records, at);
  const units = unitsSeen(records);
  const processes = processesSeen(desired, units, records);
  return {
    node: desired.node,
    files: Object.fromEntries(desired.files.map((file, index) => [file.path, files(`file-${index}`, file)])),
    folders: Object.fromEntries(desired.folders.map(({ path }) => [path, folderOf(at(path))])),
    processes,
    ports: portsSeen(desired.processes, processes, records),
    identities: Object.fromEntries(
      desired.storedIds.flatMap(({ member, path, form }, index) => {
        const file = files(`id-${index}`, { path });
        if (file.kind === "absent") return [];
        return [[member, parseStoredId(form, file.kind === "file" ? (file.content ?? "") : "")] as const];
      }),
    ),
    ...(desired.machine === undefined ? {} : { machine: machineSeen(desired.machine, units, records) }),
  };
}

type Seen =
  | { readonly type: "absent" }
  | { readonly type: "other"; readonly what: string }
  | {
      readonly type: "file" | "folder";
      readonly mode: number;
      readonly size: number;
      readonly owner: Owner;
    };

/** By the upper bits of a file's mode. */
const kinds: Readonly<Record<number, string>> = {
  0o01: "a named pipe",
  0o12: "a symbolic link",
  0o14: "a socket",
};

function seenAt(records: Records): (path: string) => Seen {
  const links = new Set(records("link").map(({ fields: [path = ""] }) => path));
  const stats = new Map<string, Seen>();
  for (const { fields } of records("stat")) {
    const [raw = "", size = "", user = "", group = "", ...path] = fields;
    const bits = Number.parseInt(raw, 16);
    const type = bits >> 12;
    const common = { mode: bits & 0o7777, size: Number(size), owner: { user, group } };
    const seen: Seen =
      type === 0o10
        ? { type: "file", ...common }
        : type === 0o04
          ? { type: "folder", ...common }
          : { type: "other", what: kinds[type] ?? "a device" };
    stats.set(path.join("\t"), seen);
  }
  return (path) => {
    for (let above = posix.dirname(path); above !== "/"; above = posix.dirname(above))
      if (links.has(above)) return { type: "other", what: `behind a symbolic link (${above})` };
    return stats.get(path) ?? { type: "absent" };
  };
}

function folderOf(seen: Seen): ObservedFolder {
  if (seen.type === "absent") return { kind: "absent" };
  if (seen.type === "other") return { kind: "other", what: seen.what };
  if (seen.type === "file") return { kind: "other", what: "a file" };
  return { kind: "folder", mode: seen.mode, owner: seen.owner };
}

type Wanted = Pick<DesiredFile, "path"> & Partial<Pick<DesiredFile, "content">>;

function fileReader(records: Records, at: (path: string) => Seen): (name: string, wanted: Wanted) => ObservedFile {
  const same = new Set(records("same").map(({ fields: [name = ""] }) => name));
  const contents = new Map(records("content").map(({ fields: [name = ""], bytes }) => [name, bytes()]));
  const digests = digestsIn(records("digests")[0]?.lines ?? []);
  return (name, { path, content }) => {
    const seen = at(path);
    if (seen.type === "absent") return { kind: "absent" };
    if (seen.type === "other") return { kind: "other", what: seen.what };
    if (seen.type === "folder") return { kind: "other", what: "a folder" };
    const { mode, owner, size } = seen;
    const bytes = same.has(name) && content !== undefined ? Buffer.from(content) : contents.get(name);
    // It went away, or became something else, while it was looked at.
    if (bytes === undefined) return { kind: "absent" };
    const whole = bytes.length <= shownBytes || same.has(name);
    const digest = whole ? createHash("sha256").update(bytes).digest("hex") : (digests.get(path) ?? "");
    if (bytes.length === 0 && size > 0 && !digests.has(path))
      return { kind: "other", what: "a file that cannot be read" };
    return { kind: "file", digest, mode, owner, content: bytes.length <= shownBytes ? bytes.toString() : null };
  };
}

/** As sha256sum writes them: a line that begins with a backslash has its path escaped. */
function digestsIn(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const escaped = line.startsWith("\\");
      const [digest = "", ...rest] = line.slice(escaped ? 1 : 0).split("  ");
      const path = rest.join("  ");
      return [escaped ? path.replaceAll(/\\(.)/g, (_, each: string) => (each === "n" ? "\n" : each)) : path, digest];
    }),
  );
}
