/**
 * The client's half of SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, and neither sends it. Kafka takes names and
 * passwords as the bytes that they are, without SASLprep, and so does this.
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

export type ScramLogin = {
  /** As node:crypto calls it: `sha256`, `sha512`. */
  readonly hash: string;
  readonly username: string;
  readonly password: string;
  /** Printable, without commas; never the same twice. */
  readonly nonce: string;
};

export type ScramProof = {
  /** The client's last message. */
  readonly message: string;
  /** Throws where the server's last message does not prove that it knows the password too. */
  readonly verify: (serverFinal: string) => void;
};

const derive = promisify(pbkdf2);
/** Less is no protection (RFC 7677 and Kafka itself ask for as many); more only keeps this machine busy. */
const iterationsRange = { least: 4096, most: 1_000_000 };
/** No channel binding: `n,,` in base64. */
const bindings = "biws";

export function scramFirst(login: ScramLogin): string {
  return `n,,${bareFirst(login)}`;
}

export async function scramProof(login: ScramLogin, serverFirst: string): Promise<ScramProof> {
  const { hash, password, nonce: ours } = login;
  const [, nonce = "", salt64 = "", count = ""] =
    /^r=([^,]+),s=([A-Za-z0-9+/]+=*),i=([0-9]{1,9})(?:,.*)?$/.exec(serverFirst) ?? [];
  if (nonce === "") throw new Error("its answer is not one of SCRAM");
  if (!nonce.startsWith(ours) || nonce.length === ours.length) throw new Error("its answer is not one to this login");
  const iterations = Number(count);
  if (iterations < iterationsRange.least || iterations > iterationsRange.most)
    throw new Error(
      `it asks for ${iterations} iterations; from ${iterationsRange.least} to ${iterationsRange.most} are taken`,
    );
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const length = createHash(hash).digest().length;
  const salted = await derive(password, Buffer.from(salt64, "base64"), iterations, length, hash);
  const clientKey = hmac(salted, "Client Key");
  const unproved = `c=${bindings},r=${nonce}`;
  const whole = `${bareFirst(login)},${serverFirst},${unproved}`;
  const signature = hmac(createHash(hash).update(clientKey).digest(), whole);
  const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
  const expected = hmac(hmac(salted, "Server Key"), whole);
  return {
    message: `${unproved},p=${Buffer.from(proof).toString("base64")}`,
    verify: (serverFinal) => {
      const [, error] = /^e=([^,]+)/.exec(serverFinal) ?? [];
      if (error !== undefined) throw new Error(error);
      const [, told = ""] = /^v=([A-Za-z0-9+/]+=*)(?:,.*)?$/.exec(serverFinal) ?? [];
      const bytes = Buffer.from(told, "base64");
      if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected))
        throw new Error("it cannot prove that it knows the password: it may be another server than it seems");
    },
  };
}

function bareFirst({ username, nonce }: ScramLogin): string {
  return `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
}
