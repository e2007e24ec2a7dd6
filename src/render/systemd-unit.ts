/** A server as a unit of systemd: the text of its file, from a process that is plain data. */
import { Eta } from "eta/core";
import { knownAfterUp } from "../cluster/known-after-up.ts";
import type { DesiredProcess } from "../services/desired.ts";

export type UnitInput = {
  readonly cluster: string;
  readonly user: string;
  readonly data: string;
  /** Roles that it needs: on its machine they are stopped after it, so that a broker can hand over at a shutdown. */
  readonly needs: readonly string[];
  /** Where it may write. */
  readonly writable: readonly string[];
  /** Where its data volume is mounted: it never starts on the empty folder. null: it has none. */
  readonly mountPoint: string | null;
  /** templates/server.service */
  readonly template: string;
};

export function unitName(cluster: string, role: string): string {
  return `kctl-${cluster}-${role}.service`;
}

/** Puts the block of /etc/hosts back at boot, before servers start. */
export function hostsUnitName(cluster: string): string {
  return unitName(cluster, "hosts");
}

export function systemdUnit(process: DesiredProcess, input: UnitInput): string {
  const { cluster, user, data, needs, writable, mountPoint, template } = input;
  const identifier = unitName(cluster, process.role).replace(/\.service$/, "");
  return new Eta({ autoEscape: false, autoTrim: false }).renderString(template, {
    description: `${process.role} of the Kafka cluster ${cluster}, on ${process.node}`,
    hostsUnit: hostsUnitName(cluster),
    after: [hostsUnitName(cluster), ...needs.map((role) => unitName(cluster, role))].join(" "),
    user,
    data,
    run: process.folder,
    runtimeDirectory: process.folder.replace(/^\/run\//, ""),
    leaves: process.leaves === undefined ? null : unitWord(process.leaves),
    command: process.argv.map(unitWord).join(" "),
    identifier,
    stopSeconds: String(process.stopSeconds),
    writable: writable.join(" "),
    mountPoint,
  });
}

/** One word of a command line, as systemd reads it (systemd.service(5), "Command lines"). */
export function unitWord(word: string): string {
  if (/[\n\r\0]/.test(word)) throw new RangeError("a word of a unit's command has no line ends");
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("$", "$$$$").replaceAll("%", "%%");
  // What is not known yet will need no quotes.
  return /^[\w@%+=:,./-]+$/.test(word.replaceAll(knownAfterUp, "")) ? escaped : `"${escaped}"`;
}
