/** Topics that Kafka keeps for itself; also where a cluster that is new has not made them yet. */
export const internalTopics: ReadonlySet<string> = new Set([
  "__cluster_metadata",
  "__consumer_offsets",
  "__remote_log_metadata",
  "__share_group_state",
  "__transaction_state",
]);
