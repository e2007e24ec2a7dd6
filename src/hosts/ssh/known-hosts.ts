/** Which keys a known_hosts file has for a host, and what follows for the key that the host shows. */
import { createHmac } from "node:crypto";
import { matchesPatterns } from "./pattern.ts";

export type KnownHostsFile = { readonly path: string; readonly text: string };

export type KnownKey = {
  readonly revoked: boolean;
  readonly type: string;
  readonly base64: string;
  /** FILE:LINE. */
  readonly where: string;
};

export type Verdict =
  | { readonly is: "known" }
  | { readonly is: "revoked"; readonly where: string }
  | { readonly is: "changed"; readonly where: string }
  /** `others` are keys of other types that are known. */
  | { readonly is: "unknown"; readonly others: readonly KnownKey[] };

const sshPort = 22;

/** As known_hosts names it; an alias stands alone, whatever the port. */
export function knownHostName(host: string, port: number): string {
  return port === sshPort ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

function namesHost(names: string, host: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(names) ?? [];
  if (salt === undefined) return matchesPatterns(names.split(","), host);
  return createHmac("sha1", Buffer.from(salt, "base64")).update(host).digest("base64") === hash;
}

/** Lines that are not of this form are passed over, as ssh does; so are those of certificate authorities. */
function keysOf(files: readonly KnownHostsFile[], host: string): KnownKey[] {
  return files.flatMap(({ path, text }) =>
    text.split(/\r?\n/).flatMap((line, index): KnownKey[] => {
      const words = line.trim().split(/\s+/);
      const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined;
      const [names, type, base64] = words;
      if (names === undefined || names.startsWith("#") || type === undefined || base64 === undefined) return [];
      if (marker !== undefined && marker !== "@revoked") return [];
      if (!namesHost(names, host)) return [];
      return [{ revoked: marker === "@revoked", type, base64, where: `${path}:${index + 1}` }];
    }),
  );
}

function judge(known: readonly KnownKey[], type: string, base64: string): Verdict {
  const same = known.filter((key) => key.base64 === base64);
  const revoked = same.find((key) => key.revoked);
  if (revoked !== undefined) return { is: "revoked", where: revoked.where };
  if (same.length > 0) return { is: "known" };
  const valid = known.filter((key) => !key.revoked);
  const changed = valid.find((key) => key.type === type);
  return changed === undefined ? { is: "unknown", others: valid } : { is: "changed", where: changed.where };
}

export type HostToKnow = { readonly host: string; readonly port: number; readonly alias: string | null };

/** A key that is known for the host's plain name does for another port as well, where that port has none of its own. */
export function judgeHostKey(
  files: readonly KnownHostsFile[],
  { host, port, alias }: HostToKnow,
  key: { readonly type: string; readonly base64: string },
): Verdict {
  const name = alias?.toLowerCase() ?? knownHostName(host, port);
  const verdict = judge(keysOf(files, name), key.type, key.base64);
  if (verdict.is !== "unknown" || alias !== null || port === sshPort) return verdict;
  const plain = judge(keysOf(files, host.toLowerCase()), key.type, key.base64);
  return plain.is === "known" || plain.is === "revoked" ? plain : verdict;
}

const algorithms = [
  { type: "ssh-ed25519", names: ["ssh-ed25519"] },
  { type: "ecdsa-sha2-nistp256", names: ["ecdsa-sha2-nistp256"] },
  { type: "ecdsa-sha2-nistp384", names: ["ecdsa-sha2-nistp384"] },
  { type: "ecdsa-sha2-nistp521", names: ["ecdsa-sha2-nistp521"] },
  { type: "ssh-rsa", names: ["rsa-sha2-512", "rsa-sha2-256"] },
] as const;

/** Those of known keys come first: a host that is known by one key does not fail because it has another as well. */
export function hostKeyAlgorithms(files: readonly KnownHostsFile[], { host, port, alias }: HostToKnow) {
  const names = alias === null ? [knownHostName(host, port), host.toLowerCase()] : [alias.toLowerCase()];
  const known = new Set(names.flatMap((name) => keysOf(files, name)).flatMap((key) => (key.revoked ? [] : [key.type])));
  const first = algorithms.filter(({ type }) => known.has(type));
  const rest = algorithms.filter(({ type }) => !known.has(type));
  return [...first, ...rest].flatMap((entry) => [...entry.names]);
}
