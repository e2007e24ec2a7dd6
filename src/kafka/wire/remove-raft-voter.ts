/** RemoveRaftVoter, version 0 (Kafka 3.9): RemoveRaftVoterRequest.json and RemoveRaftVoterResponse.json of Kafka's message definitions. */
import { readPlain, type Plain, type Voter } from "./add-raft-voter.ts";
import { compose } from "./compose.ts";
import type { Message } from "./exchange.ts";

/** For the active controller, or any broker, which hands it on. Another directory id under the same id is left alone. */
export function removeRaftVoter(
  clusterId: string,
  { id, directoryId }: Pick<Voter, "id" | "directoryId">,
): Message<Plain> {
  const body = compose().compactString(clusterId).int32(id).uuid(directoryId).noTags().done();
  return { apiKey: 81, version: 0, flexible: "both", body, read: readPlain };
}
