/** SaslAuthenticate, version 1: SaslAuthenticateRequest.json and SaslAuthenticateResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type SaslAuthenticate = {
  readonly error: number;
  readonly errorMessage: string | null;
  /** What the mechanism says in return. */
  readonly bytes: Buffer;
};

export function saslAuthenticate(bytes: Buffer): Message<SaslAuthenticate> {
  return { apiKey: 36, version: 1, body: compose().bytes(bytes).done(), read };
}

function read(answer: Cursor): SaslAuthenticate {
  const told = { error: answer.int16(), errorMessage: answer.nullableString(), bytes: answer.bytes() };
  answer.int64(); // session_lifetime_ms: no connection of kctl's is meant to last
  return told;
}
