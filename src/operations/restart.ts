/** Restarts the running servers of a cluster, or those of one node, as carefully as `up` does. */
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError } from "../fault.ts";
import type { DesiredProcess } from "../services/desired.ts";
import { awaitHealth } from "./await-health.ts";
import { tryToMake } from "./class-archives.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { mustBeNode } from "./must-be-node.ts";
import { noCluster } from "./no-cluster.ts";
import { openCluster } from "./open-cluster.ts";
import { roll } from "./roll.ts";
import { allAtOnce, stepByStep } from "./roll/steps.ts";
import { watched, type Watch } from "./roll/watch.ts";
import { serverJava } from "./server-java.ts";
import { mustReachAll, survey, type Survey } from "./survey.ts";

export type RestartResult = {
  readonly cluster: string;
  readonly changed: number;
  /** Those that were not restarted, where it goes step by step. */
  readonly left: readonly string[];
};

export type RestartOptions = {
  readonly node: string | null;
  readonly yes: boolean;
  readonly step: boolean;
  /** What looks on while servers are restarted. */
  readonly watch: Watch;
};

export async function restart(given: Context, { node, yes, step, watch }: RestartOptions): Promise<RestartResult> {
  const { spec, provider } = await openCluster(given);
  if (node !== null) mustBeNode(node, spec.name, resolveCluster(spec, provider.platform, noKnownIds));
  const steps = step ? stepByStep(given) : allAtOnce;
  const command = node === null ? "restart" : `restart ${node}`;
  return watched({ provider, command, context: given }, watch, async (context, lock) => {
    const seen = await survey(spec, provider, (receipt, cache) => serverJava(spec, receipt, cache, context), context);
    if (seen.receipt.former === null) throw noCluster(spec.name);
    mustReachAll(seen);
    mustBeCurrent(seen);
    const servers = running(seen).filter((process) => node === null || process.node === node);
    if (servers.length > 0 && !yes && !step)
      await confirm(
        `This restarts ${servers.map(({ key }) => key).join(", ")}, one at a time. Go on? [y/N] `,
        "y",
        context,
      );
    // A damaged archive of classes would kill what is restarted from it.
    const archives = seen.desired.classArchives.filter(({ path }) => seen.observed.classArchives[path] !== true);
    await Promise.all(
      servers.length === 0
        ? []
        : archives.map((one) => tryToMake(one, { ...context, cache: seen.cache, java: seen.java })),
    );
    await roll(servers, seen, context, { steps, lock, goOn, watch });
    if (servers.length > 0) await awaitHealth(seen, context);
    const left = steps.left();
    return { cluster: spec.name, changed: servers.length - left.length, left };
  });
}

function goOn(left: readonly string[]): string {
  const [node] = left[0]?.split("/", 1) ?? [];
  return `\`kctl restart ${node}\` goes on with one node, \`kctl restart\` begins anew`;
}

/** A restart takes up what lies on the disk: that must be what the server's digest will say that it was started with. */
export function mustBeCurrent({ plan, cluster }: Survey): void {
  if (plan.obstacles.length > 0) throw new KctlError(plan.obstacles);
  const pending = plan.changes.filter(({ kind }) => kind === "file" || kind === "artifact" || kind === "roll");
  if (pending.length === 0) return;
  throw new KctlError({
    code: "pending-changes",
    what: `${cluster.name} is not yet what its spec says: ${pending.map(({ title }) => title).join(", ")}`,
    fix: "run `kctl up`, which also restarts what must be restarted; `kctl plan` shows what it would do",
  });
}

function running({ desired, observed }: Survey): readonly DesiredProcess[] {
  return desired.hosts.flatMap(({ node, processes }) =>
    processes.filter(({ key }) => observed.hosts[node]?.processes[key]?.state === "running"),
  );
}
