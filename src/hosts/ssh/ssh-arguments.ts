/** How the system's own ssh is called to reach the same target in the same way, checks of host keys included. */
import { pinnedAlgorithm } from "./pinned-host-key.ts";
import type { SshTarget } from "./target.ts";

export function sshArguments(target: SshTarget): readonly string[] {
  const { host, port, user, keyFiles, onlyKeyFiles, jump } = target;
  return [
    ...option("StrictHostKeyChecking", "yes"),
    ...hostKeyOptions(target),
    ...keyFiles.filter(({ named }) => named).flatMap(({ path }) => ["-i", path]),
    ...(onlyKeyFiles ? option("IdentitiesOnly", "yes") : []),
    ...(jump === null ? [] : option("ProxyCommand", proxyCommand(jump))),
    "-p",
    String(port),
    `${user}@${host}`,
  ];
}

function option(name: string, value: string): readonly string[] {
  return ["-o", `${name}=${value}`];
}

function hostKeyOptions({ node, knownHosts, hostKeyAlias, pinned }: SshTarget): readonly string[] {
  if (pinned !== null)
    return [
      ...option("UserKnownHostsFile", "/dev/null"),
      ...option("GlobalKnownHostsFile", "/dev/null"),
      ...option("HostKeyAlias", node),
      ...option("HostKeyAlgorithms", pinnedAlgorithm),
      ...option("KnownHostsCommand", knownHostsCommand(pinned)),
    ];
  return [
    ...(knownHosts.length === 0 ? [] : option("UserKnownHostsFile", knownHosts.map(quotedFor).join(" "))),
    ...(hostKeyAlias === null ? [] : option("HostKeyAlias", hostKeyAlias)),
  ];
}

/** Prints lines of known_hosts, so that none has to be written: ssh puts the name that it looks for in place of %H, and % in place of %%. */
function knownHostsCommand(pinned: readonly string[]): string {
  const keys = pinned.filter((base64) => /^[A-Za-z0-9+/]+=*$/.test(base64));
  return [String.raw`/usr/bin/printf "%H ${pinnedAlgorithm} %%s\n"`, ...keys].join(" ");
}

/** In place of -J, which takes neither key nor known hosts of its own. */
function proxyCommand(jump: SshTarget): string {
  return ["ssh", "-W", "[%h]:%p", ...sshArguments(jump)].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** A path in ssh's configuration. */
function quotedFor(path: string): string {
  return /\s/.test(path) ? `"${path}"` : path;
}
