/** What the look saw of the machine besides files and processes: user, software, Java, names, kernel, units, receipts. Pure. */
import type { FoundJava, ObservedMachine, ObservedUnit } from "../../plan/observed.ts";
import type { DesiredMachine } from "../../services/desired.ts";
import type { Records } from "./look-records.ts";
import { volumeSeen } from "./read-look-volume.ts";

export type Unit = ObservedUnit & { /** Of its main process; 0 where it has none. */ readonly pid: number };

/** By name. systemd tells of several with a blank line between them. */
export function unitsSeen(records: Records): ReadonlyMap<string, Unit> {
  const text = records("units")[0]?.lines.join("\n") ?? "";
  return new Map(
    text.split("\n\n").flatMap((block) => {
      const values = new Map(
        block.split("\n").map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
      );
      const name = values.get("Id");
      if (name === undefined) return [];
      const unit: Unit = {
        active: values.get("ActiveState") ?? "",
        enabled: values.get("UnitFileState") === "enabled",
        needsReload: values.get("NeedDaemonReload") === "yes",
        pid: Number(values.get("MainPID") ?? 0),
      };
      return [[name, unit] as const];
    }),
  );
}

export function machineSeen(
  { software, java, hosts, sysctl, units: wanted, volume }: DesiredMachine,
  units: ReadonlyMap<string, Unit>,
  records: Records,
): ObservedMachine {
  const marks = new Map(records("software").map(({ fields: [at = "", sum = ""] }) => [Number(at), sum]));
  const names = new Map(records("name").map(({ fields: [at = "", address = ""] }) => [Number(at), address]));
  const values = new Map(records("sysctl").map(({ fields: [name = "", ...words] }) => [name, words.join(" ")]));
  const texts = new Map(records("text").map(({ fields: [name = ""], bytes }) => [name, bytes().toString()]));
  const [began = "0", ended = "0"] = records("resolved")[0]?.fields ?? [];
  const javas = records("java").map(({ fields: [how = "", major = "", ...home] }) => ({
    how,
    home: home.join("\t"),
    major: Number(major),
  }));
  const linked = javas.find(({ how }) => how === "link");
  const found = new Map(javas.flatMap(({ how, home, major }) => (how === "found" ? [[home, { home, major }]] : [])));
  const prefix = "other-";
  const [account] = records("user");
  const shell = account?.fields[0] ?? "";
  return {
    user: account !== undefined,
    ...(account === undefined || /(^|\/)(nologin|false|sync|)$/.test(shell) ? {} : { loginShell: shell }),
    software: Object.fromEntries(
      software.map(({ folder }, at) => [folder, /^[0-9a-f]{128}$/.test(marks.get(at) ?? "")]),
    ),
    otherSoftware: Object.fromEntries(
      records("other-software").map(({ fields: [use = "", ...folder] }) => [
        folder.join("\t"),
        { inUse: use === "used" },
      ]),
    ),
    leftovers: records("leftovers").flatMap(({ lines }) => lines),
    java: linked === undefined ? null : { home: linked.home, major: linked.major },
    javas: bestFirst([...found.values()], java),
    hostsFile: texts.get("hosts") ?? null,
    resolves: Object.fromEntries(
      hosts.entries.map(({ names: [name = ""] }, at) => [name, names.get(at) ?? null] as const),
    ),
    resolveSeconds: Math.round((Number(ended) - Number(began)) * 100) / 100,
    sysctl: Object.fromEntries(Object.keys(sysctl).map((name) => [name, values.get(name) ?? null])),
    units: Object.fromEntries(
      wanted.flatMap(({ name }) => {
        const unit = units.get(name);
        if (unit === undefined) return [];
        const { active, enabled, needsReload } = unit;
        return [[name, { active, enabled, needsReload }] as const];
      }),
    ),
    ...(volume === null ? {} : { volume: volumeSeen(volume, records) }),
    receipt: texts.get("receipt") ?? null,
    otherReceipts: Object.fromEntries(
      [...texts].flatMap(([name, text]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), text]] : [])),
    ),
  };
}

/** The one that would be installed before others, then the newest; those that will not do are left out. */
function bestFirst(javas: readonly FoundJava[], wanted: DesiredMachine["java"]): readonly FoundJava[] {
  const { best, least, most, home } = wanted;
  const fits = (one: FoundJava): boolean =>
    home === null ? one.major >= least && (most === null || one.major <= most) : one.home === home;
  const rank = ({ major }: FoundJava): number => (major === best ? Number.POSITIVE_INFINITY : major);
  return javas.filter(fits).toSorted((a, b) => rank(b) - rank(a) || (a.home < b.home ? -1 : 1));
}
