/** What the facts' script printed, as facts. Pure. */
import { recordsIn, type Records } from "../hosts/ssh/look-records.ts";
import type { DiskFacts, HostFacts, Reached, Target } from "./host-facts.ts";

/** By this machine's clock, in seconds: when the script was sent, and when its first line had come. */
export type Asked = { readonly sent: number; readonly answered: number };

/**
 * null: the script did not come to its end.
 * @param asked null where the machine is this one, whose clock is right by definition
 */
export function readFacts(stdout: string, targets: readonly Target[], asked: Asked | null): HostFacts | null {
  const records = recordsIn(stdout);
  if (records === null) return null;
  const first = (kind: string): string | null => records(kind)[0]?.fields[0] ?? null;
  const [kernel = "", architecture = ""] = records("uname")[0]?.fields ?? [];
  const memory = new Map(records("memory").map(({ fields: [name = "", value = ""] }) => [name, Number(value) / 1024]));
  return {
    kernel,
    architecture,
    os: osIn(records),
    memoryMiB: leastOf([memory.get("MemTotal:"), limitIn(first("limit"))]),
    swapMiB: memory.get("SwapTotal:") ?? null,
    hugePages: /\[(\w+)\]/.exec(first("pages") ?? "")?.[1] ?? null,
    openFiles: { kernel: numberIn(first("files")), user: numberIn(first("mine")) },
    disks: records("disk").flatMap(({ fields }) => diskIn(fields)),
    clock: asked === null ? null : clockIn(first("clock") ?? "", asked),
    missing: records("missing").map(({ fields: [name = ""] }) => name),
    fetches: records("fetches").length > 0,
    packages: first("packages"),
    systemd: records("systemd").length > 0,
    selinuxEnforcing: first("selinux") === "1",
    reaches: records("untried").length > 0 ? null : reachedIn(records, targets),
  };
}

function osIn(records: Records): HostFacts["os"] {
  const values = new Map(
    records("os").map(({ fields }) => {
      const line = fields.join(" ");
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1).replaceAll(/^["']|["']$/g, "")] as const;
    }),
  );
  const id = values.get("ID");
  if (id === undefined) return null;
  const version = values.get("VERSION_ID") ?? "";
  return {
    id,
    like: (values.get("ID_LIKE") ?? "").split(" ").filter((word) => word !== ""),
    version,
    title: values.get("PRETTY_NAME") ?? `${id} ${version}`.trim(),
  };
}

function numberIn(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** Of a cgroup, or what macOS has in all. A limit that nobody set is `max`, or very large. */
function limitIn(text: string | null): number | undefined {
  const bytes = numberIn(text);
  return bytes === null ? undefined : bytes / 1024 / 1024;
}

function leastOf(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.floor(Math.min(...known));
}

function diskIn(fields: readonly string[]): readonly DiskFacts[] {
  const [name = "", path = "", device = "", free = "", may = "", kind = ""] = fields;
  if (!/^\d+$/.test(free)) return [];
  const [type = "", freeInodes = "", inodes = ""] = kind.split(" ");
  return [
    {
      name,
      path,
      device,
      freeMiB: Math.floor(Number(free) / 1024),
      // Some file systems make them as they are needed, and say that they have none.
      freeInodes: Number(inodes) > 0 ? Number(freeInodes) : null,
      type,
      writable: may === "yes",
    },
  ];
}

/** Some `date` knows whole seconds only: then it may be any part of one later. */
function clockIn(text: string, { sent, answered }: Asked): HostFacts["clock"] {
  const [, whole, part] = /^(\d+)(\.\d+)?/.exec(text) ?? [];
  if (whole === undefined) return null;
  const seconds = Number(whole) + (part === undefined ? 0.5 : Number(part));
  const within = (answered - sent) / 2 + (part === undefined ? 0.5 : 0);
  return { ahead: seconds - (sent + answered) / 2, within };
}

/** What says nothing of a target was lost on the way. */
function reachedIn(records: Records, targets: readonly Target[]): readonly Reached[] {
  const lines = records("reach").map(({ fields }) => fields.join(" "));
  return targets.map(({ address, port }): Reached => {
    const mark = `/dev/tcp/${address}/${port}: `;
    const line = lines.find((each) => each.includes(mark));
    const said = line?.slice(line.indexOf(mark) + mark.length).trim() ?? "";
    return { address, port, answer: answerOf(said), said };
  });
}

function answerOf(said: string): Reached["answer"] {
  if (said === "open") return "open";
  if (/refused/i.test(said)) return "closed";
  if (said === "" || /timed? ?out/i.test(said)) return "silent";
  return "unreachable";
}
