/** SaslHandshake, version 1, the first after which the login goes in messages of Kafka's own: SaslHandshakeRequest.json and SaslHandshakeResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type SaslHandshake = {
  readonly error: number;
  /** Those that this listener takes. */
  readonly mechanisms: readonly string[];
};

export function saslHandshake(mechanism: string): Message<SaslHandshake> {
  return { apiKey: 17, version: 1, body: compose().string(mechanism).done(), read };
}

function read(answer: Cursor): SaslHandshake {
  return { error: answer.int16(), mechanisms: answer.array(() => answer.string()) };
}
