/** What the look's script printed, as what was seen. Pure. */
import { createHash } from "node:crypto";
import type {
  FoundJava,
  ObservedFile,
  ObservedFolder,
  ObservedHost,
  ObservedMachine,
  ObservedProcess,
  ObservedUnit,
  PortHolder,
  RunningProcess,
} from "../../plan/observed.ts";
import type { DesiredHost, DesiredMachine } from "../../services/desired.ts";
import { parseStoredId } from "../stored-ids.ts";

type Records = ReadonlyMap<string, readonly (readonly string[])[]>;

/** null: the script did not come to its end, so that nothing of it may be believed. */
export function readLook(stdout: string, desired: DesiredHost): ObservedHost | null {
  const lines = stdout.split("\n");
  if (lines.at(-2) !== "end") return null;
  const fields = lines.slice(0, -2).map((line) => line.split("\t"));
  const records: Records = Map.groupBy(fields, ([kind = ""]) => kind);
  const of = (kind: string): readonly (readonly string[])[] => records.get(kind) ?? [];
  const files = numbered(of("file"), fileOf);
  const folders = numbered(of("folder"), folderOf);
  const texts = new Map(of("text").map(([, name = "", content = ""]) => [name, decoded(content).toString()]));
  const units = unitsOf(of("unit"));
  const processes = Object.fromEntries(
    desired.processes.map(({ key }) => [key, processOf(key, desired, units, of("process"))] as const),
  );
  return {
    node: desired.node,
    files: Object.fromEntries(desired.files.map(({ path }, at) => [path, files.get(at) ?? { kind: "absent" }])),
    folders: Object.fromEntries(desired.folders.map(({ path }, at) => [path, folders.get(at) ?? { kind: "absent" }])),
    processes,
    ports: portsOf(desired, processes, of("port")),
    identities: Object.fromEntries(
      desired.storedIds.flatMap(({ member, form }, at) => {
        const text = texts.get(`id-${at}`);
        return text === undefined ? [] : [[member, parseStoredId(form, text)] as const];
      }),
    ),
    ...(desired.machine === undefined ? {} : { machine: machineOf(desired.machine, of, texts, units) }),
  };
}

const decoded = (base64: string): Buffer => Buffer.from(base64, "base64");

function numbered<Seen>(
  records: readonly (readonly string[])[],
  read: (fields: readonly string[]) => Seen,
): ReadonlyMap<number, Seen> {
  return new Map(records.map(([, at = "", ...rest]) => [Number(at), read(rest)]));
}

function fileOf([kind, mode = "", user = "", group = "", content = ""]: readonly string[]): ObservedFile {
  if (kind === "other") return { kind: "other", what: mode };
  const seen = { kind: "file", mode: Number.parseInt(mode, 8), owner: { user, group } } as const;
  if (kind === "large") return { ...seen, digest: content, content: null };
  const bytes = decoded(content);
  return { ...seen, digest: createHash("sha256").update(bytes).digest("hex"), content: bytes.toString() };
}

function folderOf([kind, mode = "", user = "", group = ""]: readonly string[]): ObservedFolder {
  if (kind === "other") return { kind: "other", what: mode };
  return { kind: "folder", mode: Number.parseInt(mode, 8), owner: { user, group } };
}

type Unit = ObservedUnit & { readonly sub: string };

/** systemd tells of several with a blank line between them. */
function unitsOf(records: readonly (readonly string[])[]): ReadonlyMap<string, Unit> {
  const blocks: Record<string, string>[] = [{}];
  for (const [, line = ""] of records) {
    const at = line.indexOf("=");
    if (at === -1) blocks.push({});
    else Object.assign(blocks.at(-1) ?? {}, { [line.slice(0, at)]: line.slice(at + 1) });
  }
  return new Map(
    blocks.flatMap(({ Id, ActiveState = "", SubState = "", UnitFileState = "", NeedDaemonReload = "" }) =>
      Id === undefined
        ? []
        : [
            [
              Id,
              {
                active: ActiveState,
                sub: SubState,
                enabled: UnitFileState === "enabled",
                needsReload: NeedDaemonReload === "yes",
              },
            ],
          ],
    ),
  );
}

function running([pid = "", birth = "", argv = ""]: readonly string[]): RunningProcess {
  const words = decoded(argv).toString().split("\n");
  const prefix = "-Dkctl.inputs=";
  return {
    pid: Number(pid),
    birth,
    inputs: words.find((word) => word.startsWith(prefix))?.slice(prefix.length) ?? null,
    program: words[0] ?? null,
  };
}

function processOf(
  key: string,
  { machine, processes }: DesiredHost,
  units: ReadonlyMap<string, Unit>,
  records: readonly (readonly string[])[],
): ObservedProcess {
  const its = (which: string): readonly RunningProcess[] =>
    records.flatMap(([, name, ...rest]) => (name === `${which}-${key}` ? [running(rest)] : []));
  const mark = processes.find((process) => process.key === key)?.mark;
  const unit = units.get(machine?.units.find(({ member }) => member === key)?.name ?? "");
  const [own] = its("main");
  const all = its("any");
  // A unit whose shell has not become the server yet runs nothing of it.
  const main = own !== undefined && (mark === undefined || all.some(({ pid }) => pid === own.pid)) ? own : all[0];
  if (main === undefined) {
    const died = unit?.active === "failed" || unit?.active === "activating" || unit?.sub === "auto-restart";
    return died ? { state: "dead" } : { state: "absent" };
  }
  const extras = all.filter(({ pid }) => pid !== main.pid);
  return { state: "running", ...main, ...(extras.length === 0 ? {} : { extras }) };
}

function portsOf(
  { processes }: DesiredHost,
  seen: Readonly<Record<string, ObservedProcess>>,
  records: readonly (readonly string[])[],
): Readonly<Record<string, PortHolder>> {
  const holders = new Map<string, PortHolder>();
  for (const [, port = "", pid = "", command = ""] of records)
    if (holders.get(port) === undefined || pid !== "")
      holders.set(port, { pid: pid === "" ? null : Number(pid), command: command === "" ? null : command });
  const down = processes.filter(({ key }) => seen[key]?.state !== "running");
  return Object.fromEntries(
    down.flatMap(({ ports }) => Object.values(ports).map((port) => [String(port), holders.get(String(port)) ?? null])),
  );
}

function machineOf(
  { software, java, hosts, sysctl, units: wanted }: DesiredMachine,
  of: (kind: string) => readonly (readonly string[])[],
  texts: ReadonlyMap<string, string>,
  units: ReadonlyMap<string, Unit>,
): ObservedMachine {
  const whole = new Set(of("software").map(([, at = ""]) => Number(at)));
  const javas = of("java").map(([, how = "", home = "", major = ""]) => ({ how, home, major: Number(major) }));
  const found = new Map(javas.flatMap(({ how, home, major }) => (how === "found" ? [[home, { home, major }]] : [])));
  const link = javas.find(({ how }) => how === "link");
  const names = new Map(of("name").map(([, at = "", address = ""]) => [Number(at), address]));
  const values = new Map(of("sysctl").map(([, name = "", value = ""]) => [name, value]));
  const prefix = "other-";
  return {
    user: of("user").length > 0,
    software: Object.fromEntries(software.map(({ folder }, at) => [folder, whole.has(at)])),
    java: link === undefined ? null : { home: link.home, major: link.major },
    javas: bestFirst([...found.values()], java),
    hostsFile: texts.get("hosts") ?? null,
    resolves: Object.fromEntries(
      hosts.entries.map(({ names: [name = ""] }, at) => [name, names.get(at) ?? null] as const),
    ),
    resolveSeconds: Number(of("named")[0]?.[1] ?? 0) / 1000,
    sysctl: Object.fromEntries(Object.keys(sysctl).map((name) => [name, values.get(name) ?? null])),
    units: Object.fromEntries(
      wanted.flatMap(({ name }) => {
        const unit = units.get(name);
        if (unit === undefined) return [];
        const { active, enabled, needsReload } = unit;
        return [[name, { active, enabled, needsReload }] as const];
      }),
    ),
    receipt: texts.get("receipt") ?? null,
    otherReceipts: Object.fromEntries(
      [...texts].flatMap(([name, text]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), text]] : [])),
    ),
  };
}

/** The one that would be installed before others, then the newest; those that will not do are left out. */
function bestFirst(
  javas: readonly FoundJava[],
  { best, least, most, home }: DesiredMachine["java"],
): readonly FoundJava[] {
  const fits = (one: FoundJava): boolean =>
    home === null ? one.major >= least && (most === null || one.major <= most) : one.home === home;
  const rank = ({ major }: FoundJava): number => (major === best ? Number.POSITIVE_INFINITY : major);
  return javas.filter(fits).toSorted((a, b) => rank(b) - rank(a) || (a.home < b.home ? -1 : 1));
}
