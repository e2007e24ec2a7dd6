/** The unit that mounts a data volume, called as systemd wants it: after its mount point. */
import { Eta } from "eta/core";
import type { DesiredVolume } from "../services/desired.ts";

/** `/var/lib/kctl/demo` is `var-lib-kctl-demo.mount`: systemd.unit(5), "String escaping for inclusion in unit names". */
export function mountUnitName(mountPoint: string): string {
  const names = mountPoint.split("/").filter((name) => name !== "");
  return `${names.length === 0 ? "-" : names.map(escaped).join("-")}.mount`;
}

/** A dot in front of all would make a hidden file of the unit. */
function escaped(name: string, index: number): string {
  const text = [...Buffer.from(name)].map((byte, at) => {
    const letter = String.fromCharCode(byte);
    const plain = /[\w:.]/.test(letter) && !(letter === "." && at === 0 && index === 0);
    return plain ? letter : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return text.join("");
}

/** @param template templates/volume.mount */
export function mountUnit(
  template: string,
  cluster: string,
  { id, uuid, mountPoint }: Pick<DesiredVolume, "id" | "uuid" | "mountPoint">,
): string {
  return new Eta({ autoEscape: false, autoTrim: false }).renderString(template, { cluster, id, uuid, mountPoint });
}
