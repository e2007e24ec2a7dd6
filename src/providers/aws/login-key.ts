/** The key that opens the machines: kctl's own, in the user's files, or one of the user's. */
import { existsSync } from "node:fs";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { randomUUID } from "node:crypto";
import { isOwnKeyPair, isPublicKeyFile, nameInAccount, type AwsSpec } from "../../ec2/want-cloud.ts";
import { KctlError } from "../../fault.ts";
import { errnoOf, withIoFaults } from "../../hosts/local/io-fault.ts";
import { loadSsh2 } from "../../hosts/ssh/load-ssh2.ts";
import { newKeyPair } from "../../hosts/ssh/new-key-pair.ts";

export type LoginKey = {
  /** What EC2 is given, in OpenSSH's form; null: it is in EC2 already. */
  readonly publicKey: () => Promise<string>;
  /** The key pair's name in EC2. */
  readonly name: string;
  /** Null: the agent's and ssh's usual keys are tried. */
  readonly identityFile: string | null;
};

type Around = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The spec's. */
  readonly folder: string;
};

export function loginKey(cluster: string, { keyPair, region }: AwsSpec, around: Around): LoginKey {
  const name = nameInAccount(cluster);
  if (keyPair !== undefined && isOwnKeyPair(keyPair))
    return { name: keyPair, identityFile: null, publicKey: () => own(cluster, region, around) };
  if (keyPair !== undefined && isPublicKeyFile(keyPair)) {
    const path = absolute(keyPair, around);
    const secret = path.endsWith(".pub") ? path.slice(0, -".pub".length) : path;
    return {
      name,
      identityFile: secret !== path && existsSync(secret) ? secret : null,
      publicKey: () => readPublicKey(path),
    };
  }
  return { name, identityFile: ownFile(cluster, region, around), publicKey: () => own(cluster, region, around) };
}

function absolute(path: string, { home, folder }: Around): string {
  const homely = path.replace(/^~(?=\/)/, home);
  return isAbsolute(homely) ? homely : join(folder, homely);
}

async function readPublicKey(path: string): Promise<string> {
  let text;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new KctlError(
      {
        code: "local-io",
        where: path,
        what: `the public key cannot be read: ${(error as Error).message}`,
        fix: "name a public key that is there (`provider.keyPair`), or leave it out: kctl makes one",
      },
      { cause: error },
    );
  }
  const [line = ""] = text.trim().split("\n");
  if (/^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+/.test(line)) return line;
  throw new KctlError({
    code: "ssh-key-unusable",
    where: path,
    what: "this is not a public key that EC2 takes",
    fix: "name the .pub file of an ed25519 or RSA key",
  });
}

/** `~/.config/kctl/keys/CLUSTER.REGION` */
function ownFile(cluster: string, region: string, { env, home }: Around): string {
  return join(env["XDG_CONFIG_HOME"] || join(home, ".config"), "kctl", "keys", `${cluster}.${region}`);
}

/** Made at the first use, before EC2 hears of it; of two that make it at the same time, the first one's stays. */
async function own(cluster: string, region: string, around: Around): Promise<string> {
  const file = ownFile(cluster, region, around);
  if (!existsSync(file)) {
    const { private: secret } = await newKeyPair(nameInAccount(cluster));
    await withIoFaults("write", file, () => keepKey(file, secret));
  }
  const { utils } = await loadSsh2();
  const key = utils.parseKey(await readFile(file));
  if (key instanceof Error)
    throw new KctlError({
      code: "ssh-key-unusable",
      where: file,
      what: `kctl's own key for this cluster cannot be used: ${key.message}`,
      fix: "put the file back from a backup; machines that know it let nobody else in",
    });
  return `${key.type} ${key.getPublicSSH().toString("base64")} ${nameInAccount(cluster)}`;
}

async function keepKey(file: string, secret: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, secret, { mode: 0o600, flag: "wx", flush: true });
    await link(draft, file);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
