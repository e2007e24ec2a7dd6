/** Adds a package of the distribution to a host, told of before it comes: a record of it must outlive a kctl that is killed. */
import { alone, type BatchOptions } from "./batch.ts";
import type { Operation } from "./operation.ts";
import { foreseePackages, installPackage, type InstalledPackage, type InstallOptions } from "./packages.ts";
import type { Shell } from "./shell.ts";

export type AddPackageOptions = BatchOptions & {
  /** How long another may hold the package manager's lock. */
  readonly lockSeconds: number;
  readonly onWait: (holder: string) => void;
  /** Told which packages will be new, before the first of them is there. */
  readonly onComing: (names: readonly string[]) => Promise<void>;
};

/** The first of them that the distribution has; null where it has none. */
export async function addPackage(
  shell: Shell,
  { manager, candidates }: Pick<InstallOptions, "manager" | "candidates">,
  options: AddPackageOptions,
  signal: AbortSignal,
): Promise<InstalledPackage | null> {
  const { lockSeconds, onWait } = options;
  const its = { manager, lockSeconds, onWait };
  const { name, coming } = await alone(shell, foreseePackages({ ...its, candidates }), options, signal);
  if (name === null) return null;
  await options.onComing(coming);
  return alone(shell, installPackage({ ...its, candidates: [name] }), options, signal);
}

export const readOsRelease: Operation<string> = {
  doing: "read /etc/os-release",
  lines: "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null || true",
  read: (stdout) => stdout,
};
