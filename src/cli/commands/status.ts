/** kctl status */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Asks each server and each broker, and shows what they say: services, controller, brokers, partitions that are offline or under-replicated, and of a KRaft cluster its quorum. It reads only.",
  ],
  exits: { 1: "the cluster is not healthy, or that could not be found out" },
  result: {
    cluster: "the cluster's name",
    healthy: "whether every server serves and no partition is offline or under-replicated",
    nodes:
      "`{name, address, roles, services}` each; a service is `running`, `stopped`, `failed`, `absent` or `unknown`",
    brokers: "`{id, node, controller, address}` of each broker that is registered",
    controller: "KRaft: the active controller, `{id, node}` or null",
    quorum: "KRaft: `{leader, voters: [{id, node, lag}]}` or null",
    partitions: "`{total, underReplicated, offline}`; null for a count that could not be had",
  },
  examples: [
    ["kctl status", "is it well?"],
    ["kctl status --json", "the same for a program"],
  ],
};

export const statusCommand = () =>
  specCommand("status", "show machines, services, controller, brokers and partitions", page).action((options) =>
    run(options, async (context) => {
      const [{ status }, { statusText }] = await Promise.all([
        import("../../operations/status.ts"),
        import("../../report/status-text.ts"),
      ]);
      const seen = await status(context);
      return {
        ok: seen.healthy,
        faults: seen.complaints.map((what) => ({
          code: "unhealthy",
          what,
          fix: "`kctl up` starts what is dead and repairs what it can; `kctl restart NODE` restarts what hangs",
        })),
        fields: {
          cluster: seen.cluster,
          healthy: seen.healthy,
          nodes: seen.nodes,
          brokers: seen.brokers,
          ...(seen.controller === undefined ? {} : { controller: seen.controller, quorum: seen.quorum ?? null }),
          partitions: seen.partitions,
        },
        text: (paint) => statusText(seen, paint),
      };
    }),
  );
