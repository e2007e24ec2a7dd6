/** Whether a host is the one that it should be: the files of known keys, and the fault where they do not say so. */
import { readFile } from "node:fs/promises";
import type { ServerHostKeyAlgorithm } from "ssh2";
import { KctlError } from "../../fault.ts";
import { shellWord } from "../../report/shell-word.ts";
import { fingerprint } from "./fingerprint.ts";
import { hostKeyAlgorithms, judgeHostKey, knownHostName, type KnownHostsFile } from "./known-hosts.ts";
import { pinnedAlgorithm, pinnedKeyFault } from "./pinned-host-key.ts";
import { faultOf, nameOf, sshCommand } from "./ssh-faults.ts";
import type { SshTarget } from "./target.ts";

function hostToKnow({ host, port, hostKeyAlias }: SshTarget) {
  return { host, port, alias: hostKeyAlias };
}

export function algorithmsFor(target: SshTarget, files: readonly KnownHostsFile[]): readonly ServerHostKeyAlgorithm[] {
  return target.pinned === null ? hostKeyAlgorithms(files, hostToKnow(target)) : [pinnedAlgorithm];
}

export async function readKnownHosts({ knownHosts }: SshTarget): Promise<KnownHostsFile[]> {
  const read = async (path: string): Promise<KnownHostsFile[]> => {
    try {
      return [{ path, text: await readFile(path, "utf8") }];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  };
  return (await Promise.all(knownHosts.map(read))).flat();
}

/** Null where the key is known. */
export function hostKeyFault(target: SshTarget, files: readonly KnownHostsFile[], key: Buffer): KctlError | null {
  const type = key.toString("latin1", 4, 4 + key.readUInt32BE(0));
  const base64 = key.toString("base64");
  if (target.pinned !== null) return pinnedKeyFault(target, target.pinned, key);
  const verdict = judgeHostKey(files, hostToKnow(target), { type, base64 });
  const shown = `${type} ${fingerprint(key)}`;
  const name = target.hostKeyAlias ?? knownHostName(target.host, target.port);
  switch (verdict.is) {
    case "known":
      return null;
    case "revoked":
      return new KctlError(
        faultOf(target, "host-key-changed", {
          what: `the host key of ${nameOf(target)} is revoked: ${shown}`,
          where: verdict.where,
          fix: "do not connect: somebody said that this key is not to be trusted any more; give the machine a new host key",
        }),
      );
    case "changed":
      return new KctlError(
        faultOf(target, "host-key-changed", {
          what: `${nameOf(target)} shows another host key than the known one: ${shown}`,
          where: verdict.where,
          fix: `if the machine was made anew or its address belongs to another now, take the old key out: \`ssh-keygen -R ${shellWord(name)} -f ${shellWord(fileOf(verdict.where))}\`; else somebody may be listening in`,
        }),
      );
    case "unknown": {
      const others = verdict.others.map((other) => `${other.type} at ${other.where}`);
      const also = others.length === 0 ? "" : ` (known are ${others.join(", ")}, which it does not show)`;
      return new KctlError(
        faultOf(target, "host-key-unknown", {
          what: `the host key of ${nameOf(target)} is not known: ${shown}${also}`,
          fix: wayIn(target, type),
          detail: `${name} ${type} ${base64}`,
        }),
      );
    }
  }
}

function fileOf(where: string): string {
  return where.slice(0, where.lastIndexOf(":"));
}

/** ssh-keyscan sees neither jump hosts nor aliases. */
function wayIn(target: SshTarget, type: string): string {
  const own = type.replace(/^ssh-|-sha2-.*$/g, "");
  const check = `compare it with \`ssh-keygen -lf /etc/ssh/ssh_host_${own}_key.pub\` on the machine's console`;
  const file = target.knownHosts[0] ?? "~/.ssh/known_hosts";
  const port = target.port === 22 ? "" : ` -p ${target.port}`;
  if (target.jump !== null || target.hostKeyAlias !== null) {
    return `${check}, then add the line below to ${file}, or answer yes to \`${sshCommand(target)}\``;
  }
  const scan = `ssh-keyscan${port} -t ${own} ${shellWord(target.host)} >> ${shellWord(file)}`;
  return `${check}, then add the line below to ${file}: \`${scan}\``;
}
