/** AddRaftVoter, version 0 (Kafka 3.9): AddRaftVoterRequest.json and AddRaftVoterResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type Voter = {
  readonly id: number;
  /** The directory.id of its meta.properties. */
  readonly directoryId: string;
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[];
};

export type Plain = { readonly error: number; readonly errorMessage: string | null };

/**
 * For the active controller, or any broker, which hands it on. The new voter must run as an observer and have caught up: until
 * it has, this waits, at most `timeoutMs`. `clusterId`: it is refused by another cluster.
 */
export function addRaftVoter(clusterId: string, voter: Voter, timeoutMs: number): Message<Plain> {
  const body = compose()
    .compactString(clusterId)
    .int32(timeoutMs)
    .int32(voter.id)
    .uuid(voter.directoryId)
    .compactArray(voter.listeners, ({ name, host, port }, part) => {
      part.compactString(name).compactString(host).uint16(port).noTags();
    })
    .noTags()
    .done();
  return { apiKey: 80, version: 0, flexible: "both", body, read: readPlain };
}

/** What AddRaftVoter and RemoveRaftVoter answer alike. */
export function readPlain(answer: Cursor): Plain {
  answer.int32(); // throttle_time_ms
  const plain = { error: answer.int16(), errorMessage: answer.compactNullableString() };
  answer.tags();
  return plain;
}
