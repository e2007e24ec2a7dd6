/** Checks an OpenPGP signature with the user's gpg, against a file of keys and nothing else. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KctlError } from "../fault.ts";
import { run } from "./run.ts";

export type SignatureRequest = {
  readonly gpg: string;
  readonly file: string;
  /** The armoured, detached signature. */
  readonly signature: string;
  /** The armoured public keys, any number of them. */
  readonly keys: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
};

const timeoutMs = 60_000;

/** gpg's own words, and what they mean; any of these and the signature does not count. */
const objections: Readonly<Record<string, string>> = {
  BADSIG: "it is not a signature of this file",
  ERRSIG: "its signer is not in KEYS",
  NO_PUBKEY: "its signer is not in KEYS",
  EXPSIG: "it has expired",
  EXPKEYSIG: "its signer's key has expired",
  REVKEYSIG: "its signer's key was revoked",
};

/** What gpg's status lines say: null where they hold a good signature and nothing against it. */
export function judge(status: string): string | null {
  const words = status.split("\n").flatMap((line) => /^\[GNUPG:\] (\w+)/.exec(line)?.[1] ?? []);
  const bad = words.find((word) => objections[word] !== undefined);
  if (bad !== undefined) return objections[bad] ?? bad;
  return words.includes("GOODSIG") && words.includes("VALIDSIG") ? null : "gpg finds no signature in it";
}

/** Throws where the signature does not hold. */
export async function checkSignature(request: SignatureRequest): Promise<void> {
  const { gpg, file, signature, keys, env, signal } = request;
  // A home of its own: only these keys count. In the folder for temporary files, since gpg's sockets need a short path.
  const folder = await mkdtemp(join(tmpdir(), "kctl-gpg-"));
  try {
    await writeFile(join(folder, "KEYS"), keys);
    await writeFile(join(folder, "signature.asc"), signature);
    const common = ["--homedir", folder, "--batch", "--no-tty", "--no-autostart", "--status-fd", "1"];
    const options = { folder, env, signal, timeoutMs };
    // Its exit code tells of any one key that it cannot read, of which Apache's old lists have some.
    await run(gpg, [...common, "--import", join(folder, "KEYS")], options);
    const ran = await run(gpg, [...common, "--verify", join(folder, "signature.asc"), file], options);
    const why = judge(ran.stdout);
    if (why === null && ran.code === 0) return;
    throw new KctlError({ code: "artifact-damaged", what: `the signature does not hold: ${why ?? "gpg refuses it"}` });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
