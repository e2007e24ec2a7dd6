/** New keys, for machines that kctl makes and for itself. */
import { loadSsh2 } from "./load-ssh2.ts";

export type KeyPair = { readonly private: string; readonly public: string };

/**
 * An ed25519 key as OpenSSH writes it.
 *
 * ssh2 (1.17.0) drops a zero with which the public half begins, as it would of a number; one key in 256 is then one that nobody can read.
 */
export async function newKeyPair(comment: string): Promise<KeyPair> {
  const { utils } = await loadSsh2();
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519", { comment });
    if (!(utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
