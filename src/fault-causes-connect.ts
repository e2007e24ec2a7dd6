/** The causes of Kafka Connect's error codes: a part of fault-causes.ts. */
import type { FaultCode } from "./fault-codes.ts";

type Causes = { readonly cause: string; readonly fix: string };

export const connectFaultCauses = {
  "connect-unreachable": {
    cause:
      "The workers are stopped or still starting, or something between here and there does not let through to their port.",
    fix: "`kctl status` shows what runs; `kctl up` starts what does not.",
  },
  "connect-refused": {
    cause:
      "A worker answered a request with an error, which is quoted: the workers cannot reach Kafka, or have shared out their tasks anew for so long that it gave up.",
    fix: "See the workers' logs (`kctl logs --role connect`), then run the command again.",
  },
  "connector-invalid": {
    cause:
      "The plugin that has the class is not on the workers, or the connector's own check found its settings wrong: one is missing, has no such value, or what it names (a file, a database) cannot be had.",
    fix: "Mend the setting that the error names; name the plugin under `connect.plugins` and run `kctl up`.",
  },
  "connector-failed": {
    cause:
      "The connector began to work, and it or one of its tasks ended with an exception, which is shown; or its tasks were given to no worker in time.",
    fix: "Mend what the trace says, then `kctl connectors apply`, or `kctl connectors restart NAME` where the settings were right.",
  },
} as const satisfies Partial<Record<FaultCode, Causes>>;
