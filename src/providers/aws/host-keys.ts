/**
 * Each host makes a host key of its own, and the one that user-data gave is forgotten: whoever may read user-data could pose as the host.
 *
 * Cut off anywhere, it goes on: a key that was made and not put in place waits beside it; the tag has the new key before the host
 * shows it; the tag of the first key, by which kctl still believes a host, goes only once every host shows its own.
 */
import { CreateTagsCommand, DeleteTagsCommand } from "@aws-sdk/client-ec2";
import { firstKeyTag, hostKeyTag } from "../../ec2/seen.ts";
import { KctlError } from "../../fault.ts";
import type { Shell } from "../../hosts/ssh/shell.ts";
import type { Api } from "./api.ts";
import { onceKnown } from "./tags.ts";

export type HostToRekey = { readonly instance: string; readonly shell: Shell; readonly hostKey: string | null };

const folder = "/etc/ssh";
const key = `${folder}/ssh_host_ed25519_key`;
const coming = `${folder}/kctl_new_host_ed25519_key`;

/** Prints the public half of the key to come; of one that is in place, of that. */
const makeScript = `set -e
umask 077
if [ ! -s ${coming}.pub ] || [ ! -s ${coming} ]; then
  rm -f ${coming} ${coming}.pub
  ssh-keygen -q -t ed25519 -N '' -C "root@$(uname -n)" -f ${coming}
fi
cut -d' ' -f2 ${coming}.pub`;

/**
 * sshd reads its keys when it is told to; connections that are open stay open. Where systemd listens for it (Ubuntu, from 22.10 on), it cannot
 * take the port when it reloads, and dies of that: it is started anew, and whoever connects meanwhile waits.
 */
const placeScript = `set -e
if [ -s ${coming} ]; then
  chmod 644 ${coming}.pub
  mv -f ${coming} ${key}
  mv -f ${coming}.pub ${key}.pub
  sync -f ${key} 2>/dev/null || sync
fi
unit=ssh.service
systemctl cat "$unit" >/dev/null 2>&1 || unit=sshd.service
# It answers before systemd has heard that it is up, and is not reloaded until then.
systemctl start "$unit"
if systemctl is-active --quiet ssh.socket sshd.socket; then systemctl restart "$unit"; else systemctl reload "$unit"; fi`;

/** @returns the public half of each host's own key, by instance */
export async function rekeyHosts(
  api: Api,
  hosts: readonly HostToRekey[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const keys = await Promise.all(hosts.map(async (host) => [host.instance, await rekey(api, host, signal)] as const));
  await api.call((client, options) =>
    client.send(
      new DeleteTagsCommand({ Resources: hosts.map(({ instance }) => instance), Tags: [{ Key: firstKeyTag }] }),
      options,
    ),
  );
  return new Map(keys);
}

async function rekey(api: Api, { instance, shell, hostKey }: HostToRekey, signal: AbortSignal): Promise<string> {
  const own = await mustRun(shell, `cut -d' ' -f2 ${key}.pub`, signal);
  // It was put in place by a run that was cut off before the first one's tag went, or before sshd heard of it.
  const made = own === hostKey ? own : await mustRun(shell, makeScript, signal);
  if (made !== hostKey)
    await onceKnown(
      () =>
        api.call((client, options) =>
          client.send(
            new CreateTagsCommand({ Resources: [instance], Tags: [{ Key: hostKeyTag, Value: made }] }),
            options,
          ),
        ),
      signal,
    );
  await mustRun(shell, placeScript, signal);
  return made;
}

async function mustRun(shell: Shell, script: string, signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await shell.run(script, { signal });
  if (code === 0) return stdout.trim();
  throw new KctlError({
    code: "host-io",
    node: shell.node,
    where: key,
    what: `${shell.node} cannot be given a host key of its own: ${stderr.trim().split("\n").at(-1) ?? `the script ended with ${code}`}`,
    fix: "see what is wrong with /etc/ssh there, then run `kctl up` again",
    detail: stderr,
  });
}
