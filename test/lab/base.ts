/** The base image of the lab's hosts: built once, kept in a cache, and read by all labs as the lower layer of their roots. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Base = { readonly root: string; readonly java: string; readonly cloud: string; readonly apt: string };

const here = import.meta.dirname;

/** Command -> Debian's package. */
const tools: readonly (readonly [command: string, aptPackage: string])[] = [
  ["systemd-nspawn", "systemd-container"],
  ["mmdebstrap", "mmdebstrap"],
  ["nft", "nftables"],
  ["ip", "iproute2"],
  ["tc", "iproute2"],
  ["dpkg-scanpackages", "dpkg-dev"],
  ["ssh", "openssh-client"],
  ["mkfs.ext4", "e2fsprogs"],
  ["flock", "util-linux"],
];

const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", process.stderr.fd, "inherit"] });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(" ")} ended with ${status}`);
}

export const cacheFolder = (): string => process.env["KCTL_LAB_CACHE"] ?? "/var/cache/kctl-lab";

/** By sh, with what it is given as $1 and so on; the second of two at once waits for the first. */
export function runLocked(script: string, ...args: readonly string[]): void {
  mkdirSync(cacheFolder(), { recursive: true });
  run("flock", [join(cacheFolder(), "lock"), "sh", "-ec", script, "sh", ...args]);
}

/** A line of sh that installs Debian's packages. */
export const aptInstall = (packages: string): string => {
  const apt = "env DEBIAN_FRONTEND=noninteractive apt-get -qq";
  return `${apt} update; ${apt} install --yes --no-install-recommends ${packages}`;
};

function installTools(): void {
  const missing = tools.filter(([command]) => !folders.some((folder) => existsSync(join(folder, command))));
  if (missing.length === 0) return;
  runLocked(aptInstall('"$@"'), ...new Set(missing.map(([, name]) => name)));
}

/** Of everything that goes into it: another recipe is another image. */
function recipe(): string {
  const hash = createHash("sha256");
  const files = readdirSync(join(here, "image"), { recursive: true, encoding: "utf8" }).toSorted();
  for (const name of ["base.sh", ...files.map((file) => join("image", file))]) {
    if (statSync(join(here, name)).isFile()) hash.update(`${name}\0`).update(readFileSync(join(here, name)));
  }
  return hash.digest("hex").slice(0, 12);
}

/**
 * Each host's systemd takes about eight of them, out of one account for all of root's: past it, a host hangs half booted. The one
 * setting of this machine that the lab raises; it stays until the machine restarts.
 */
function allowInotify(): void {
  const setting = "/proc/sys/fs/inotify/max_user_instances";
  const wanted = 4096;
  if (Number(readFileSync(setting, "utf8")) < wanted) writeFileSync(setting, String(wanted));
}

/** Its hosts need Linux and root. */
export const hasLab = (): boolean => process.platform === "linux" && process.getuid?.() === 0;

/** Installs what the lab needs and builds the image, where they are missing; the second of two at once waits for the first. */
export function prepareBase(): Base {
  if (!hasLab()) throw new Error("the lab needs Linux, and root on it");
  const folder = join(cacheFolder(), recipe());
  allowInotify();
  installTools();
  if (!existsSync(folder)) {
    runLocked('test -d "$2" || exec unshare --mount sh "$1" "$2"', join(here, "base.sh"), folder);
  }
  return {
    root: join(folder, "root"),
    java: join(folder, "java"),
    cloud: join(folder, "cloud"),
    apt: join(folder, "apt"),
  };
}
