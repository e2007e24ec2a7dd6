/** The keys that a host is offered, in order: files and the agent's; a passphrase is asked for once, and only where a host takes the key. */
import type { BaseAgent, ParsedKey } from "ssh2";
import { KctlError } from "../../fault.ts";
import { readKeyFile, unlock, type KeyFileRead } from "./key-file.ts";
import { loadSsh2 } from "./load-ssh2.ts";
import { faultOf } from "./ssh-faults.ts";
import type { KeyFile, SshTarget } from "./target.ts";

/** Asks on the terminal without showing what is typed. */
export type AskHidden = (question: string) => Promise<string>;

export type SignatureHash = "sha1" | "sha256" | "sha512";

export type Offer = {
  /** Its name for people: a path, or the agent and the key's comment. */
  readonly name: string;
  readonly publicKey: ParsedKey;
  sign(data: Buffer, hash: SignatureHash | undefined): Promise<Buffer>;
};

export type Keyring = {
  /** @returns what is to be offered, and what was left out, each with the reason */
  offersFor(target: SshTarget): Promise<{ readonly offers: readonly Offer[]; readonly leftOut: readonly string[] }>;
};

/** Somebody must type the passphrase, and nobody can. */
export class LockedKeyError extends Error {
  override readonly name = "LockedKeyError";
  readonly path: string;

  constructor(path: string, why: string) {
    super(`${path} is encrypted, and ${why}`);
    this.path = path;
  }
}

const mostTries = 3;

export function makeKeyring(ask: AskHidden | null): Keyring {
  const files = new Map<string, Promise<KeyFileRead>>();
  const unlocked = new Map<string, Promise<ParsedKey>>();
  let asking: Promise<unknown> = Promise.resolve();

  const read = (path: string): Promise<KeyFileRead> => {
    const known = files.get(path) ?? readKeyFile(path);
    files.set(path, known);
    return known;
  };

  /** One question at a time, and one for all hosts. */
  const openKey = (path: string, text: Buffer): Promise<ParsedKey> => {
    const known = unlocked.get(path);
    if (known !== undefined) return known;
    const opening = asking.then(() => askAndOpen(path, text, ask));
    asking = opening.catch(() => null);
    unlocked.set(path, opening);
    return opening;
  };

  const ofFile = async (
    target: SshTarget,
    { path, named }: KeyFile,
    agentKeys: readonly Offer[],
  ): Promise<Offer | string | null> => {
    const found = await read(path);
    if (found.is === "absent") return named ? missing(target, path) : null;
    if (found.is === "unusable") {
      if (named) throw unusable(target, path, found.why, found.fix);
      return `${path} (not used: ${found.why})`;
    }
    if (found.is === "private") return signedBy(path, found.key);
    const { publicKey } = found;
    const agents = publicKey === null ? undefined : agentKeys.find((key) => key.publicKey.equals(publicKey));
    if (agents !== undefined) return { ...agents, name: `${path} (by the agent)` };
    if (found.is === "public") return `${path} (not used: the agent does not have it)`;
    const { text } = found;
    if (publicKey === null) return signedBy(path, await openKey(path, text));
    return {
      name: path,
      publicKey,
      sign: async (data, hash) => signWith(await openKey(path, text), data, hash),
    };
  };

  return {
    offersFor: async (target) => {
      const agentKeys = await agentOffers(target);
      const offers: Offer[] = [];
      const leftOut: string[] = [];
      for (const file of target.keyFiles) {
        const offer = await ofFile(target, file, agentKeys).catch((error: unknown) => {
          if (error instanceof LockedKeyError) return error.message;
          throw error;
        });
        if (typeof offer === "string") leftOut.push(offer);
        else if (offer !== null) offers.push(offer);
      }
      const rest = target.onlyKeyFiles ? [] : agentKeys;
      const others = rest.filter((key) => !offers.some(({ publicKey }) => publicKey.equals(key.publicKey)));
      // What somebody named comes before the agent's keys, ssh's own files after them.
      const own = target.keyFiles.every(({ named, path }) => !named && /\/\.ssh\/id_(ed25519|ecdsa|rsa)$/.test(path));
      return { offers: own ? [...others, ...offers] : [...offers, ...others], leftOut };
    },
  };
}

async function askAndOpen(path: string, text: Buffer, ask: AskHidden | null): Promise<ParsedKey> {
  if (ask === null) throw new LockedKeyError(path, "there is no terminal to ask for its passphrase on");
  for (let tries = 0; tries < mostTries; tries++) {
    const key = await unlock(text, await ask(`${tries === 0 ? "" : "That is not it. "}Passphrase for ${path}: `));
    if (!(key instanceof Error)) return key;
  }
  throw new LockedKeyError(path, `none of ${mostTries} passphrases was right`);
}

function signedBy(name: string, key: ParsedKey): Offer {
  return { name, publicKey: key, sign: async (data, hash) => signWith(key, data, hash) };
}

function signWith(key: ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  const signature: Buffer | Error = key.sign(data, hash);
  if (signature instanceof Error) throw signature;
  return signature;
}

function missing(target: SshTarget, path: string): never {
  throw unusable(target, path, "there is no such file", "correct `provider.identityFile`, or take it out");
}

function unusable(target: SshTarget, path: string, why: string, fix: string): KctlError {
  return new KctlError(
    faultOf(target, "ssh-key-unusable", { what: `the key ${path} cannot be used: ${why}`, where: path, fix }),
  );
}

/** An agent that does not answer has no keys, as for ssh. */
async function agentOffers({ agent: socket }: SshTarget): Promise<Offer[]> {
  if (socket === null) return [];
  const { createAgent, utils } = await loadSsh2();
  const agent: BaseAgent = createAgent(socket);
  const keys = await new Promise<readonly ParsedKey[]>((resolve) => {
    agent.getIdentities((error, found) => {
      const parsed = (error ? [] : (found ?? [])).map((key) => {
        const raw = typeof key === "object" && "pubKey" in key ? key.pubKey : key;
        const whole: unknown = utils.parseKey(raw as Buffer);
        return whole as ParsedKey | Error;
      });
      resolve(parsed.filter((key): key is ParsedKey => !(key instanceof Error)));
    });
  });
  return keys.map((publicKey) => ({
    name: `the agent's ${publicKey.comment || publicKey.type}`,
    publicKey,
    sign: (data, hash) =>
      new Promise((resolve, reject) => {
        agent.sign(publicKey, data, hash === undefined ? {} : { hash }, (error, signature) => {
          if (signature === undefined) reject(error ?? new Error("the agent did not sign"));
          else resolve(signature);
        });
      }),
  }));
}
