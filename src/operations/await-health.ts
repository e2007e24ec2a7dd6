/** Waits until the whole cluster is well: every broker registered everywhere, a controller, every replica in sync. */
import { KctlError } from "../fault.ts";
import { clusterHealth, type Health } from "./cluster-health.ts";
import type { Context } from "./context.ts";
import type { Survey } from "./survey.ts";
import { waitUntil } from "./wait-until.ts";

export async function awaitHealth(
  { cluster }: Pick<Survey, "cluster">,
  { signal, emit, timeoutSeconds }: Context,
): Promise<Health> {
  let health: Health | undefined;
  const well = await waitUntil(
    async () => {
      health = await clusterHealth(cluster, signal);
      return health.healthy;
    },
    { key: "health", what: "every broker to be registered and every replica in sync", timeoutSeconds, emit, signal },
  );
  if (well && health !== undefined) return health;
  throw new KctlError(
    (health?.complaints ?? []).map((what) => ({
      code: "unhealthy" as const,
      what,
      fix: "look at `kctl status`; `kctl up` starts what is dead and goes on from here",
    })),
  );
}
