/** Where kctl changes anything on a host, and how a script gets there without a symbolic link leading it astray. */
import { posix } from "node:path";
import { KctlError } from "../../fault.ts";
import { quoted } from "./quote.ts";

/** All in them is kctl's. */
export const ownRoots = ["/etc/kctl", "/var/lib/kctl", "/var/log/kctl", "/run/kctl", "/opt/kctl"] as const;

/** Folders of the system in which some files are kctl's. */
const sharedFolders = ["/etc/systemd/system", "/etc/sysctl.d", "/etc/security/limits.d"] as const;

export type Place = {
  /** A folder that is the system's own: how it is reached is not kctl's to judge. */
  readonly base: string;
  /** From there to the path itself. */
  readonly names: readonly string[];
};

/** @param roots more folders in which all is kctl's, as the spec names them: data disks */
export function placeOf(path: string, roots: readonly string[] = []): Place {
  const plain = path.startsWith("/") && posix.normalize(path) === path && !path.includes("\0") && !path.endsWith("/");
  for (const root of [...ownRoots, ...roots]) {
    if (!plain || (path !== root && !path.startsWith(`${root}/`))) continue;
    const base = posix.dirname(root);
    return { base, names: path.slice(base === "/" ? 1 : base.length + 1).split("/") };
  }
  for (const base of sharedFolders)
    if (plain && posix.dirname(path) === base) return { base, names: [posix.basename(path)] };
  throw new KctlError({
    code: "host-io",
    where: path,
    what: `${path} is not where kctl changes anything on a host`,
    fix: "see who wrote this path: kctl's record of the cluster may have been edited",
  });
}

/** The words after `enter`: the folder that holds the path. */
export function parentOf({ base, names }: Place): string {
  return [base, ...names.slice(0, -1)].map(quoted).join(" ");
}

export function nameOf({ names }: Place): string {
  return quoted(names.at(-1) ?? "");
}
