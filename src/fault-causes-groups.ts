/** The part of fault-causes.ts that is about consumer groups. */
export const groupFaultCauses = {
  "burrow-unreachable": {
    cause:
      "A node has the role `burrow`, and its Burrow does not run, has only just been started and does not know the cluster yet, or something else answers on its port.",
    fix: "See with `kctl status` whether it runs and with `kctl logs --role burrow` what it says; `kctl up` starts it. Without it `kctl lag --watch` judges by the same rules.",
  },
  "no-group": {
    cause:
      "A slip, another cluster, or a group that is gone: Kafka forgets one that has no members and whose offsets are older than `offsets.retention.minutes` (a week).",
    fix: "See with `kctl lag` which groups there are; a group is there once a consumer has joined it, or committed an offset.",
  },
  "group-active": {
    cause:
      "Consumers that run have their position in memory and would commit over what is set. One that was killed is a member until its session has ended (45 seconds by default).",
    fix: "Stop the consumers that the error names, wait until `kctl lag GROUP` shows no members, and run it again.",
  },
  "no-offsets": {
    cause:
      "The topic is not one that the group reads, its name is misspelt, or the group's consumers have not committed anything yet.",
    fix: "Write one of the topics that the error names; where a new group begins, its consumers' own `auto.offset.reset` says.",
  },
} as const;
