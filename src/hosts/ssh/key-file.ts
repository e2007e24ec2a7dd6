/** Private keys in files: OpenSSH's format and PEM, encrypted or not; who may read them; what is public of them without the passphrase. */
import { createPrivateKey } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { ParsedKey } from "ssh2";
import { loadSsh2 } from "./load-ssh2.ts";

export type KeyFileRead =
  | { readonly is: "absent" }
  | { readonly is: "unusable"; readonly why: string; readonly fix: string }
  /** Only an agent can sign with it. */
  | { readonly is: "public"; readonly publicKey: ParsedKey }
  | { readonly is: "private"; readonly key: ParsedKey }
  /** `publicKey` is null where nothing tells it before the passphrase is known. */
  | { readonly is: "encrypted"; readonly publicKey: ParsedKey | null; readonly text: Buffer };

export async function readKeyFile(path: string): Promise<KeyFileRead> {
  let text: Buffer;
  try {
    const { mode, uid } = await stat(path);
    text = await readFile(path);
    const isPublic = /^(ssh-|ecdsa-|sk-)/.test(text.toString("latin1", 0, 6));
    // As ssh has it: only a key of one's own is judged.
    if (!isPublic && uid === process.getuid?.() && (mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      return { is: "unusable", why: `others may read it (mode ${shown})`, fix: `chmod 600 ${path}` };
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return publicBeside(path);
    return { is: "unusable", why: message, fix: "let this user read it" };
  }
  return readKey(path, text);
}

/** The private half may be known to the agent alone. */
async function publicBeside(path: string): Promise<KeyFileRead> {
  const publicKey = await readPublic(`${path}.pub`);
  return publicKey === null ? { is: "absent" } : { is: "public", publicKey };
}

async function readPublic(path: string): Promise<ParsedKey | null> {
  const { utils } = await loadSsh2();
  const text = await readFile(path).catch(() => null);
  const key = text === null ? null : utils.parseKey(text);
  return key === null || key instanceof Error ? null : key;
}

async function readKey(path: string, text: Buffer): Promise<KeyFileRead> {
  const parsed = await parse(text);
  if (!(parsed instanceof Error)) {
    return parsed.isPrivateKey() ? { is: "private", key: parsed } : { is: "public", publicKey: parsed };
  }
  if (/passphrase/i.test(parsed.message)) {
    const publicKey = (await publicPart(text)) ?? (await readPublic(`${path}.pub`));
    return { is: "encrypted", publicKey, text };
  }
  return {
    is: "unusable",
    why: "it is no private key of a kind that kctl reads",
    fix: "name an ed25519, ECDSA or RSA key in OpenSSH's format or PEM",
  };
}

/** The key, or why not; a wrong passphrase is an error as well. */
export async function unlock(text: Buffer, passphrase: string): Promise<ParsedKey | Error> {
  return parse(text, passphrase);
}

async function parse(text: Buffer, passphrase?: string): Promise<ParsedKey | Error> {
  const { utils } = await loadSsh2();
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/m.test(text.toString("latin1"))) return parsePkcs8(text, passphrase);
  const parsed: unknown = utils.parseKey(text, passphrase);
  return (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
}

/** PKCS#8, which ssh2 does not read: rewritten as what it does. */
async function parsePkcs8(text: Buffer, passphrase: string | undefined): Promise<ParsedKey | Error> {
  const { utils } = await loadSsh2();
  try {
    const key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
    const type = key.asymmetricKeyType === "ec" ? "sec1" : "pkcs1";
    return utils.parseKey(key.export({ type, format: "pem" }));
  } catch (error) {
    return error as Error;
  }
}

/** OpenSSH's format leaves the public half readable. */
async function publicPart(text: Buffer): Promise<ParsedKey | null> {
  const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text.toString("latin1")) ?? [];
  if (body === undefined) return null;
  const { utils } = await loadSsh2();
  const bytes = Buffer.from(body, "base64");
  let at = "openssh-key-v1\0".length;
  const next = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  try {
    // The cipher, the way of deriving its key, and that way's options.
    for (let skipped = 0; skipped < 3; skipped++) next();
    at += 4;
    const blob = next();
    const type = blob.toString("latin1", 4, 4 + blob.readUInt32BE(0));
    const key = utils.parseKey(`${type} ${blob.toString("base64")}`);
    return key instanceof Error ? null : key;
  } catch {
    return null;
  }
}
