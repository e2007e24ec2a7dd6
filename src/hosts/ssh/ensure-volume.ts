/** Carries out a step of a data volume, with the tools of XFS that it takes: the distribution's, where they are missing. */
import { KctlError } from "../../fault.ts";
import type { DesiredVolume } from "../../services/desired.ts";
import { addPackage, readOsRelease, type AddPackageOptions } from "./add-package.ts";
import { alone } from "./batch.ts";
import { packageManager } from "./java-packages.ts";
import type { Operation } from "./operation.ts";
import type { Shell } from "./shell.ts";
import { workOnVolume, type VolumeWork } from "./volume.ts";

const tools: Readonly<Partial<Record<VolumeWork, string>>> = { format: "mkfs.xfs", grow: "xfs_growfs" };

/** @returns packages that are new, for the receipt */
export async function ensureVolume(
  shell: Shell,
  work: VolumeWork,
  volume: DesiredVolume,
  options: AddPackageOptions & { readonly timeoutSeconds: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const tool = tools[work];
  const added =
    tool === undefined || (await alone(shell, hasTool(tool), options, signal))
      ? []
      : await addTools(shell, tool, options, signal);
  await alone(shell, workOnVolume(work, volume, options), options, signal);
  return added;
}

async function addTools(
  shell: Shell,
  tool: string,
  options: AddPackageOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const manager = packageManager(await alone(shell, readOsRelease, options, signal));
  const installed =
    manager === null ? null : await addPackage(shell, { manager, candidates: ["xfsprogs"] }, options, signal);
  if (installed !== null) return installed.added;
  throw new KctlError({
    code: "host-io",
    node: shell.node,
    what: `${shell.node} has no ${tool}, and no package xfsprogs that would bring it`,
    fix: "install it there, then run the same command again",
  });
}

function hasTool(tool: string): Operation<boolean> {
  return {
    doing: `look for ${tool}`,
    lines: `! command -v ${tool} >/dev/null || echo yes`,
    read: (stdout) => stdout.trim() === "yes",
  };
}
