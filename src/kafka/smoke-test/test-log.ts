/** The topic of the smoke test. */
import { decode } from "./read.ts";
import { runHeader } from "./records.ts";
import { topicName, topicSettings, type OwnTopic } from "./topic.ts";
import { headerOf } from "./verify.ts";

export const testLog: OwnTopic = {
  name: topicName,
  settings: topicSettings,
  mostRecords: 100_000n,
  holdsForeign: async (partition, batches) => {
    // What cannot be taken apart (compressed, say) is not ours: the smoke test writes plain records.
    const records = await decode(partition, batches).catch(() => null);
    return records === null || records.some((record) => headerOf(record, runHeader) === null);
  },
  owner: "the smoke test",
  command: "`kctl smoke-test`",
};
