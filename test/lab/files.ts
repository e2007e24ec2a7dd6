/** Every file of a host: what it holds and whose it is, to see that a host is as it was, file by file. */

/** Path -> kind, mode, owner, and of a file its digest, of a link where it leads. */
export type Files = ReadonlyMap<string, string>;

/**
 * What differs between two moments, or two hosts, of which nobody changed anything:
 * - file systems in memory, and folders of which nothing outlives a boot: /proc /sys /dev /run /tmp /var/tmp;
 * - what a running system writes by itself: journals and the record of logins and failed ones (/var/log/journal, wtmp, btmp, lastlog), the random
 *   seed, systemd's own notes of timers, catalogs and units' private folders, leases and links of networkd;
 * - what makes this host this one and no other: machine id and host keys (name and address are compared: they differ between hosts by right).
 */
const volatile: readonly string[] = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/tmp",
  "/var/tmp",
  "/var/log/journal",
  "/var/log/wtmp",
  "/var/log/btmp",
  "/var/log/lastlog",
  "/var/lib/systemd",
  "/etc/machine-id",
  "/etc/ssh/ssh_host_*",
];

/** Of a folder's size and anything's time nothing is said: they change with what was there for a while. */
const script = String.raw`
set -eu
find / ${volatile.map((path) => `-path '${path}' -prune -o`).join(" ")} -printf '%y %04m %U:%G %l\t%p\0'
printf '\0'
find / ${volatile.map((path) => `-path '${path}' -prune -o`).join(" ")} -type f -print0 | xargs -0 -r sha256sum -z`;

export async function filesBy(run: (command: string) => Promise<string>): Promise<Files> {
  const [listed = "", digests = ""] = (await run(script)).split("\0\0");
  const digest = new Map(digests.split("\0").map((line) => [line.slice(66), line.slice(0, 64)]));
  return new Map(
    listed.split("\0").map((entry) => {
      const [what = "", path = ""] = entry.split("\t");
      const held = digest.get(path);
      return [path, held === undefined ? what.trimEnd() : `${what}${held}`];
    }),
  );
}

/** One line for each path that only one of them has, or that differs, in order. */
export function difference(before: Files, after: Files): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .toSorted()
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? "(nothing)"} -> ${after.get(path) ?? "(nothing)"}`);
}
