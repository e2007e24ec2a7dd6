/** How the system's own ssh is called to reach the same target in the same way, checks of host keys included. */
import type { SshTarget } from "./target.ts";

export function sshArguments(target: SshTarget): readonly string[] {
  const { host, port, user, keyFiles, knownHosts, hostKeyAlias, onlyKeyFiles, jump } = target;
  const option = (name: string, value: string): readonly string[] => ["-o", `${name}=${value}`];
  return [
    ...option("StrictHostKeyChecking", "yes"),
    ...(knownHosts.length === 0 ? [] : option("UserKnownHostsFile", knownHosts.map(quotedFor).join(" "))),
    ...(hostKeyAlias === null ? [] : option("HostKeyAlias", hostKeyAlias)),
    ...keyFiles.filter(({ named }) => named).flatMap(({ path }) => ["-i", path]),
    ...(onlyKeyFiles ? option("IdentitiesOnly", "yes") : []),
    ...(jump === null ? [] : option("ProxyCommand", proxyCommand(jump))),
    "-p",
    String(port),
    `${user}@${host}`,
  ];
}

/** In place of -J, which takes neither key nor known hosts of its own. */
function proxyCommand(jump: SshTarget): string {
  return ["ssh", "-W", "[%h]:%p", ...sshArguments(jump)].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** A path in ssh's configuration. */
function quotedFor(path: string): string {
  return /\s/.test(path) ? `"${path}"` : path;
}
