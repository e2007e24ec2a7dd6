/** kctl status */
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const statusCommand = () =>
  specCommand("status", "show machines, services, controller, brokers and partitions").action((options) =>
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
