/** Waits until the whole cluster is well: every server serving, every broker registered everywhere, every replica in sync. */
import { KctlError } from "../fault.ts";
import { clusterHealth, type Complaint } from "./cluster-health.ts";
import type { Context } from "./context.ts";
import { deafAmong } from "./probe.ts";
import type { Survey } from "./survey.ts";
import { waitUntil } from "./wait-until.ts";

type Whole = Pick<Survey, "cluster" | "desired">;

export async function awaitHealth(
  whole: Whole,
  { signal, emit, timeoutSeconds }: Pick<Context, "signal" | "emit" | "timeoutSeconds">,
): Promise<void> {
  let complaints: readonly Complaint[] = [];
  const what = "every server to serve, every broker to be registered and every replica in sync";
  const well = await waitUntil(
    async () => {
      const [health, deaf] = await Promise.all([clusterHealth(whole.cluster, signal), deafServers(whole, signal)]);
      complaints = [...deaf, ...health.complaints];
      return complaints.length === 0;
    },
    { key: "health", what, timeoutSeconds, emit, signal },
  );
  if (well) return;
  throw new KctlError(
    complaints.map(({ what, node }) => ({
      code: "unhealthy" as const,
      what,
      ...(node === null ? {} : { node }),
      fix: "look at `kctl status`; `kctl up` starts what is dead and goes on from here, `kctl restart NODE` restarts what hangs",
    })),
  );
}

/** Members of a quorum that do not serve: the others get by without them, until one more is lost. Brokers are asked by clusterHealth. */
async function deafServers({ cluster, desired }: Whole, signal: AbortSignal): Promise<readonly Complaint[]> {
  const keys = new Set(cluster.members.map(({ key }) => key));
  const members = desired.hosts.flatMap(({ processes }) => processes).filter(({ key }) => keys.has(key));
  return (await deafAmong(members, signal)).map(({ role, node }) => ({
    what: `${role} on ${node} does not serve`,
    node,
  }));
}
