/** One look at a machine, in one round trip: everything that the plan compares, read and nothing changed. */
import { KctlError } from "../../fault.ts";
import type { ObservedHost } from "../../plan/observed.ts";
import type { DesiredHost } from "../../services/desired.ts";
import { lookScript } from "./look-script.ts";
import { readLook } from "./read-look.ts";
import type { Shell } from "./shell.ts";

export async function look(shell: Shell, desired: DesiredHost, signal: AbortSignal): Promise<ObservedHost> {
  const { code, stdout, stderr } = await shell.run(lookScript(desired), { signal });
  const seen = code === 0 ? readLook(stdout, desired) : null;
  if (seen !== null && typeof seen !== "string") return seen;
  if (seen !== null)
    throw new KctlError({
      code: "host-io",
      node: desired.node,
      what: `${desired.node} cannot be looked at: ${seen}`,
      fix: "see whether its disks are well (`dmesg`), then run the same command again",
    });
  throw new KctlError({
    code: "host-io",
    node: desired.node,
    what: `${desired.node} cannot be looked at: the script that does so ended early`,
    fix: "it needs a POSIX shell, coreutils, grep, sed and awk: see what it says",
    ...(stderr.trim() === "" ? {} : { detail: stderr.trim() }),
  });
}
