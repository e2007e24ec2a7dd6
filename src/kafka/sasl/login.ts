/** Says to a broker who one is: SaslHandshake, then as many SaslAuthenticate as the mechanism takes. */
import { randomBytes } from "node:crypto";
import { KctlError } from "../../fault.ts";
import { addressText, type Address } from "../address.ts";
import { errorName } from "../wire/error-names.ts";
import type { Ask } from "../wire/exchange.ts";
import { saslAuthenticate } from "../wire/sasl-authenticate.ts";
import { saslHandshake } from "../wire/sasl-handshake.ts";
import { scramFirst, scramProof } from "./scram.ts";

export type Login = {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  readonly username: string;
  readonly password: string;
};

const unsupportedMechanism = 33;
const noLoginHere = 34;

/** @throws KctlError `kafka-auth-refused`, which never has the password in it */
export async function logIn(ask: Ask, address: Address, login: Login): Promise<void> {
  const name = login.mechanism.toUpperCase();
  const refused = (why: string, fix: string): KctlError => refusedAt(address, login.username, why, fix);
  const { error, mechanisms } = await ask(saslHandshake(name));
  if (error === unsupportedMechanism)
    throw refused(
      `it does not take ${name}, but ${mechanisms.join(", ")}`,
      "write one of these as `provider.sasl.mechanism`, in lower case",
    );
  if (error === noLoginHere)
    throw refused("nobody logs in at this listener", "take `provider.sasl` out, or name another port");
  if (error !== 0) throw refused(`it answers ${errorName(error)}`, "see the log of the broker");
  const send = async (bytes: Buffer): Promise<Buffer> => {
    const answer = await ask(saslAuthenticate(bytes));
    if (answer.error === 0) return answer.bytes;
    // What the broker says is its own text about the login, such as "invalid credentials".
    throw refused(
      answer.errorMessage ?? errorName(answer.error),
      "see that the name, the password and the mechanism are right",
    );
  };
  if (login.mechanism === "plain") return void (await send(plainMessage(login)));
  const scram = {
    hash: login.mechanism === "scram-sha-256" ? "sha256" : "sha512",
    username: login.username,
    password: login.password,
    nonce: randomBytes(24).toString("base64"),
  };
  const first = (await send(Buffer.from(scramFirst(scram)))).toString();
  const untrue = (error: unknown): KctlError =>
    refused(error instanceof Error ? error.message : String(error), "see that the address is the one that you meant");
  const { message, verify } = await scramProof(scram, first).catch((error: unknown) => {
    throw untrue(error);
  });
  const last = (await send(Buffer.from(message))).toString();
  try {
    verify(last);
  } catch (error) {
    throw untrue(error);
  }
}

/** RFC 4616: to act as nobody else, then who one is. */
function plainMessage({ username, password }: Pick<Login, "username" | "password">): Buffer {
  return Buffer.from(`\0${username}\0${password}`);
}

function refusedAt(address: Address, username: string, why: string, fix: string): KctlError {
  return new KctlError(
    {
      code: "kafka-auth-refused",
      what: `${addressText(address)} does not let ${username} in: ${why}`,
      where: addressText(address),
      fix,
    },
    { cause: new Error(why) },
  );
}
