/** Which processes the look saw, and who holds ports. Pure. */
import { posix } from "node:path";
import { startsAnew, type ObservedHost, type ObservedProcess, type PortHolder } from "../../plan/observed.ts";
import type { DesiredHost, DesiredProcess } from "../../services/desired.ts";
import { parseStat } from "../local/linux-processes.ts";
import { serviceProcesses, type Sighting } from "../local/processes.ts";
import { programName } from "../program-name.ts";
import type { Records } from "./look-records.ts";
import type { Unit } from "./read-look-machine.ts";

export function processesSeen(
  { processes, machine }: DesiredHost,
  units: ReadonlyMap<string, Unit>,
  records: Records,
): Readonly<Record<string, ObservedProcess>> {
  const trusted = new Set(["root", machine?.user ?? "root"]);
  const sightings = sightingsIn(records, trusted);
  return Object.fromEntries(
    processes.map(({ key, mark }): readonly [string, ObservedProcess] => {
      const unit = units.get(machine?.units.find(({ member }) => member === key)?.name ?? "");
      // A unit whose first process has not become the server yet runs nothing of it: it carries no mark.
      const noted = sightings.find(({ pid }) => pid === unit?.pid) ?? null;
      const { main, extras } = serviceProcesses(sightings, mark, noted);
      if (main !== null) return [key, { state: "running", ...main, ...(extras.length === 0 ? {} : { extras }) }];
      return [key, { state: unit?.active === "failed" || unit?.active === "activating" ? "dead" : "absent" }];
    }),
  );
}

/** Anybody may give a process of his own the arguments of a server: only those of root and of the servers' user count. */
function sightingsIn(records: Records, trusted: ReadonlySet<string>): readonly Sighting[] {
  return records("process").flatMap(({ fields: [pid = "", boot = ""], bytes }): readonly Sighting[] => {
    const [stat = "", user = "", ...argv] = bytes().toString().split("\0");
    const life = parseStat(stat.trimEnd());
    if (life === null || !trusted.has(user.trimEnd()) || argv.length === 0) return [];
    const text = `\0${argv.join("\0")}${argv.at(-1) === "" ? "" : "\0"}`;
    const birth = `${boot} ${life.started}`;
    return [{ pid: Number(pid), parent: life.parent, birth, command: { text, separator: "\0" } }];
  });
}

export function portsSeen(
  processes: readonly DesiredProcess[],
  seen: ObservedHost["processes"],
  records: Records,
): ObservedHost["ports"] {
  const pids = new Map(records("holder").map(({ fields: [inode = "", pid = ""] }) => [inode, Number(pid)]));
  const commands = new Map(records("command").map(({ fields: [pid = ""], bytes }) => [Number(pid), nameIn(bytes())]));
  const holders = new Map<number, PortHolder>();
  for (const { fields } of records("port")) {
    const [port = "", inode = ""] = fields;
    const pid = pids.get(inode) ?? null;
    const known = holders.get(Number.parseInt(port, 16));
    if (known === undefined || pid !== null)
      holders.set(Number.parseInt(port, 16), { pid, command: pid === null ? null : (commands.get(pid) ?? null) });
  }
  const starting = processes.filter(({ key, inputs }) => {
    const process = seen[key];
    return process?.state !== "running" || startsAnew(process, inputs);
  });
  return Object.fromEntries(
    starting.flatMap(({ ports }) =>
      Object.values(ports).map((port) => [String(port), holders.get(port) ?? null] as const),
    ),
  );
}

function nameIn(bytes: Buffer): string | null {
  const [program = "", ...argv] = bytes.toString().split("\0");
  const name = posix.basename(program.trimEnd().replace(/ \(deleted\)$/, ""));
  return name === "" ? null : programName(name, argv);
}
