/** Where a node is reached, as whom and with which keys: what the spec says, over what ~/.ssh/config says, over what ssh does by itself. */
import { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { KctlError } from "../../fault.ts";
import { readSshConfig, type ConfigWord, type SshPlaces, type SshSettings } from "./ssh-config.ts";

export type KeyFile = {
  readonly path: string;
  /** Named by the spec: a fault where it cannot be used. Others are passed over, as ssh does. */
  readonly named: boolean;
};

export type SshTarget = {
  /** The node's name in faults; of a jump host, its own. */
  readonly node: string;
  readonly isJump: boolean;
  /** As the spec has it: what `ssh` would be given. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | null;
  /** The ed25519 host keys that are the machine's, base64 as in known_hosts; null: the files of known hosts say so. */
  readonly pinned: readonly string[] | null;
  /** The first is where a new key is added. */
  readonly knownHosts: readonly string[];
  readonly keyFiles: readonly KeyFile[];
  /** The agent's socket. */
  readonly agent: string | null;
  /** Of the agent's keys, only those that `keyFiles` names as well. */
  readonly onlyKeyFiles: boolean;
  /** Where the configuration names a certificate, which kctl cannot use: FILE:LINE. */
  readonly certificate: string | null;
  readonly connectSeconds: number;
  readonly jump: SshTarget | null;
};

export type SshProvider = {
  readonly user?: string | undefined;
  /** 22 is what nobody said: then the configuration's `Port` counts. */
  readonly port?: number | undefined;
  readonly identityFile?: string | undefined;
  readonly knownHosts?: string | undefined;
  readonly jump?: string | undefined;
};

export type NodeToReach = {
  readonly node: string;
  readonly address: string;
  readonly provider: SshProvider;
  readonly nodeUser?: string | undefined;
  /** Of the node itself; jump hosts on the way are known by known_hosts. */
  readonly pinned?: readonly string[] | undefined;
  /** Offered first, to the node alone; each must be there. */
  readonly identityFiles?: readonly string[] | undefined;
};

export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The spec's: relative paths of the spec are seen from there. */
  readonly folder: string;
};

const defaultPort = 22;
const defaultKeys = ["id_ed25519", "id_ecdsa", "id_rsa"];
const defaultConnectSeconds = 10;
const mostHops = 8;

type Wanted = {
  readonly node: string;
  readonly isJump: boolean;
  readonly address: string;
  readonly user: string | null;
  /** Where neither `user` nor the configuration says who. */
  readonly elseUser: string | null;
  readonly port: number | null;
  readonly provider: SshProvider;
  readonly pinned: readonly string[] | null;
  readonly identityFiles: readonly string[];
  /** null: whatever the configuration says. */
  readonly jump: SshTarget | "none" | null;
};

export async function resolveTarget(
  { node, address, provider, nodeUser, pinned, identityFiles = [] }: NodeToReach,
  around: Surroundings,
): Promise<SshTarget> {
  const jump = provider.jump === undefined ? null : await throughHops(provider.jump, provider, around, []);
  const port = provider.port === undefined || provider.port === defaultPort ? null : provider.port;
  const user = nodeUser ?? provider.user ?? null;
  const own = { pinned: pinned ?? null, identityFiles };
  return resolve({ node, isJump: false, address, user, elseUser: null, port, provider, ...own, jump }, around, []);
}

/** `user@host:port,user@host:port`, the first one first. */
async function throughHops(
  text: string,
  provider: SshProvider,
  around: Surroundings,
  trail: readonly string[],
): Promise<SshTarget | "none"> {
  let before: SshTarget | "none" | null = null;
  if (text.toLowerCase() === "none") return "none";
  for (const hop of text.split(",")) {
    const { user, host, port } = hopOf(hop.trim());
    const own = port === null ? host : `${host}:${port}`;
    if (trail.length >= mostHops || trail.includes(own)) throw tooManyHops(own, trail);
    const elseUser = provider.user ?? null;
    const hopWanted = { node: host, isJump: true, address: host, user, elseUser, port, provider, jump: before };
    before = await resolve({ ...hopWanted, pinned: null, identityFiles: [] }, around, [...trail, own]);
  }
  return before ?? "none";
}

function hopOf(text: string): { user: string | null; host: string; port: number | null } {
  const [, user, six, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]]+|[^[\]]*:[^[\]]*:[^[\]]*))(?::(\d+))?$/.exec(text) ?? [];
  const host = six ?? plain;
  if (host === undefined) {
    throw new KctlError({
      code: "ssh-config-unusable",
      what: `"${text}" is no jump host`,
      fix: "write it as HOST, USER@HOST or USER@HOST:PORT, several with commas between them",
    });
  }
  return { user: user ?? null, host, port: port === undefined ? null : Number(port) };
}

function tooManyHops(host: string, trail: readonly string[]): KctlError {
  return new KctlError({
    code: "ssh-config-unusable",
    what: `jump hosts lead in a circle: ${[...trail, host].join(" -> ")}`,
    where: "~/.ssh/config",
    fix: "take ProxyJump away from one of them (`ProxyJump none`)",
  });
}

async function resolve(wanted: Wanted, around: Surroundings, trail: readonly string[]): Promise<SshTarget> {
  const { node, isJump, address, provider } = wanted;
  const localUser = around.env["USER"] ?? around.env["LOGNAME"] ?? userInfo().username;
  const { settings, places } = await readSshConfig(join(around.home, ".ssh/config"), {
    host: address,
    user: wanted.user,
    localUser,
    home: around.home,
  });
  const first = (word: ConfigWord): string | undefined => settings.get(word)?.[0];
  const host = expand(first("hostname") ?? address, { h: address });
  const user = wanted.user ?? first("user") ?? wanted.elseUser ?? localUser;
  const port = wanted.port ?? Number(first("port") ?? defaultPort);
  const tokens = { h: host, n: address, r: user, u: localUser, p: String(port), d: around.home };
  const path = (text: string): string => expand(homely(text, around.home), tokens);
  const way = wayIn(settings);
  // Where a machine is known by its tags, `access.via` says the way.
  if (way === "command" && wanted.jump === null && wanted.pinned === null) throw needsCommand(wanted, places);
  const config = first("proxyjump");
  const jump =
    wanted.jump ?? (config === undefined || way === "straight" ? "none" : await throughHops(config, {}, around, trail));
  return {
    node,
    isJump,
    address,
    host,
    port,
    user,
    hostKeyAlias: first("hostkeyalias") ?? null,
    pinned: wanted.pinned,
    knownHosts: wanted.pinned === null ? knownHostsOf(provider, settings, around, path) : [],
    keyFiles: keyFilesOf(wanted, settings, around, path),
    agent: agentOf(first("identityagent"), around.env, path),
    onlyKeyFiles: first("identitiesonly")?.toLowerCase() === "yes",
    certificate: places.get("certificatefile") ?? null,
    connectSeconds: Number(first("connecttimeout") ?? defaultConnectSeconds) || defaultConnectSeconds,
    jump: jump === "none" ? null : jump,
  };
}

/** Of ProxyJump and ProxyCommand the first one counts, as for ssh. */
function wayIn(settings: SshSettings): "straight" | "command" | "jump" {
  const first = [...settings.keys()].find((word) => word === "proxyjump" || word === "proxycommand");
  if (first !== "proxycommand") return first === undefined ? "straight" : "jump";
  return settings.get("proxycommand")?.[0]?.toLowerCase() === "none" ? "straight" : "command";
}

function needsCommand({ node, address }: Wanted, places: SshPlaces): KctlError {
  const where = places.get("proxycommand");
  return new KctlError({
    code: "ssh-config-unusable",
    node,
    ...(where === undefined ? {} : { where }),
    what: `the configuration of ssh goes to ${address} by a command (ProxyCommand), which kctl does not do`,
    fix: "write it as ProxyJump; or say in the spec how to go there: `jump` with the jump hosts, or `jump: none`",
  });
}

function homely(text: string, home: string): string {
  return text.replace(/^~(?=\/|$)/, home);
}

function fromFolder(text: string, { home, folder }: Surroundings): string {
  const path = homely(text, home);
  return isAbsolute(path) ? path : join(folder, path);
}

function expand(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replaceAll(/%(.)/g, (whole, token: string) => (token === "%" ? "%" : (tokens[token] ?? whole)));
}

function knownHostsOf(
  provider: SshProvider,
  settings: SshSettings,
  around: Surroundings,
  path: (text: string) => string,
): string[] {
  if (provider.knownHosts !== undefined) return [fromFolder(provider.knownHosts, around)];
  const own = settings.get("userknownhostsfile") ?? ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
  const everybody = settings.get("globalknownhostsfile") ?? ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];
  return [...own, ...everybody]
    .flatMap((text) => text.split(/\s+/))
    .filter((text) => text.toLowerCase() !== "none" && text !== "")
    .map(path);
}

/** ssh's own only where nobody names any. */
function keyFilesOf(
  { provider, isJump, identityFiles }: Wanted,
  settings: SshSettings,
  around: Surroundings,
  path: (text: string) => string,
): KeyFile[] {
  const own = provider.identityFile === undefined ? [] : [provider.identityFile];
  const spec = [...identityFiles, ...own].map((file) => fromFolder(file, around));
  const config = (settings.get("identityfile") ?? []).filter((text) => text.toLowerCase() !== "none").map(path);
  const named = spec.map((file) => ({ path: file, named: !isJump }));
  const others = config.map((file) => ({ path: file, named: false }));
  const all = isJump ? [...others, ...named] : [...named, ...others];
  if (all.length > 0) return all;
  return defaultKeys.map((name) => ({ path: join(around.home, ".ssh", name), named: false }));
}

function agentOf(setting: string | undefined, env: Surroundings["env"], path: (text: string) => string): string | null {
  if (setting?.toLowerCase() === "none") return null;
  if (setting === undefined || setting === "SSH_AUTH_SOCK") return env["SSH_AUTH_SOCK"] || null;
  return setting.startsWith("$") ? env[setting.slice(1).replaceAll(/[{}]/g, "")] || null : path(setting);
}
