/** Ranges of addresses, IPv4 and IPv6: what one is, as EC2 spells it. */

export type Cidr = {
  readonly family: 4 | 6;
  readonly bits: number;
  /** As it is compared and sent: bits of hosts off, lower case, the longest run of zeros left out. */
  readonly text: string;
  /** Whether the text that was read had bits beyond its mask. */
  readonly hostBits: boolean;
};

/** null: no range at all. */
export function readCidr(text: string): Cidr | null {
  const [, address = "", digits = ""] = /^([0-9a-fA-F.:]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const family = address.includes(":") ? 6 : 4;
  const width = family === 6 ? 128 : 32;
  const value = family === 6 ? readIpv6(address) : readIpv4(address);
  const bits = Number(digits);
  if (value === null || digits === "" || bits > width) return null;
  const free = BigInt(width - bits);
  const network = (value >> free) << free;
  const spelled = family === 6 ? ipv6Text(network) : ipv4Text(network);
  return { family, bits, text: `${spelled}/${bits}`, hostBits: network !== value };
}

/** Everybody: `0.0.0.0/0` and `::/0`. */
export function isWorld(text: string): boolean {
  return readCidr(text)?.bits === 0;
}

function readIpv4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255))
    return null;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function readIpv6(text: string): bigint | null {
  const [head = "", tail, third] = text.split("::");
  if (third !== undefined) return null;
  const [left, right] = [groupsOf(head), groupsOf(tail ?? "")];
  if (left === null || right === null) return null;
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...left, ...Array.from({ length: missing }, () => 0n), ...right];
  return groups.reduce((sum, group) => (sum << 16n) | group, 0n);
}

/** The last two groups may be written as an IPv4 address. */
function groupsOf(text: string): readonly bigint[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const last = parts.at(-1) ?? "";
  const four = last.includes(".") ? readIpv4(last) : null;
  const plain = last.includes(".") ? parts.slice(0, -1) : parts;
  if ((last.includes(".") && four === null) || plain.some((part) => !/^[0-9a-fA-F]{1,4}$/.test(part))) return null;
  const groups = plain.map((part) => BigInt(`0x${part}`));
  return four === null ? groups : [...groups, four >> 16n, four & 0xffffn];
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
}

/** RFC 5952. */
function ipv6Text(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const runs = [...groups.join(":").matchAll(/\b0(?::0)+\b/g)].map(([run]) => run);
  const longest = runs.toSorted((a, b) => b.length - a.length)[0];
  if (longest === undefined) return groups.join(":");
  const [before, after] = splitOnce(groups.join(":"), longest);
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}

function splitOnce(text: string, at: string): readonly [string, string] {
  const index = new RegExp(`\\b${at}\\b`).exec(text)?.index ?? 0;
  return [text.slice(0, index), text.slice(index + at.length)];
}
