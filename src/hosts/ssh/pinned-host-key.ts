/** Host keys that whoever made the machine gave it: no file of known hosts is asked, and no other key is taken. */
import { KctlError } from "../../fault.ts";
import { fingerprint } from "./fingerprint.ts";
import { faultOf, nameOf } from "./ssh-faults.ts";
import type { SshTarget } from "./target.ts";

export const pinnedAlgorithm = "ssh-ed25519";

/** Null where the key is one of those that are pinned. */
export function pinnedKeyFault(target: SshTarget, pinned: readonly string[], key: Buffer): KctlError | null {
  if (pinned.includes(key.toString("base64"))) return null;
  return notIt(target, pinned, `another host key than its own: ${pinnedAlgorithm} ${fingerprint(key)}`);
}

/** The host has keys of other kinds alone. */
export function noPinnedKeyFault(target: SshTarget, pinned: readonly string[]): KctlError {
  return notIt(target, pinned, `no ${pinnedAlgorithm} host key at all`);
}

function notIt(target: SshTarget, pinned: readonly string[], shown: string): KctlError {
  const wanted = pinned.map((base64) => fingerprint(Buffer.from(base64, "base64"))).join(" or ");
  const expected = wanted === "" ? "and none is expected" : `where ${wanted} is expected`;
  return new KctlError(
    faultOf(target, "host-key-changed", {
      what: `${nameOf(target)} shows ${shown}, ${expected} (the machine's tag kctl:host-key)`,
      fix: "if its address belongs to another machine by now, run the command again: addresses are read anew; if somebody gave the machine a new host key, put what `cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub` prints on its console into the tag; else somebody may be listening in",
    }),
  );
}
