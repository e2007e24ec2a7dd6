/** The topic of the canary: kctl's own, as test_log is, and known again by the same rules. */
import type { OwnTopic } from "../smoke-test/topic.ts";
import { decodeBatches } from "./batch.ts";
import { isCanarys } from "./record.ts";

export const canaryTopic: OwnTopic = {
  name: "kctl_canary",
  // A roll may take hours: what was read long ago is deleted, and no disk fills.
  settings: (replicas) => ({
    "cleanup.policy": "delete",
    "compression.type": "producer",
    "max.message.bytes": "1048588",
    "message.timestamp.type": "CreateTime",
    "min.insync.replicas": String(Math.min(2, Math.max(1, replicas - 1))),
    "retention.bytes": "33554432",
    "retention.ms": "86400000",
    "segment.bytes": "8388608",
    "unclean.leader.election.enable": "false",
  }),
  mostRecords: 10_000_000n,
  holdsForeign: async (_partition, batches) =>
    decodeBatches(batches).some(({ value }) => value === null || !isCanarys(value)),
  owner: "the canary",
  command: "the same command with `--canary`",
};
