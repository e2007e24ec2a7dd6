/** Has the cluster's own Burrow judge its groups, where a node runs one: it sees every commit, and kctl looks only now and then. */
import { membersOf } from "../cluster/cluster.ts";
import type { Fault } from "../fault.ts";
import { burrowVerdicts, type BurrowVerdicts } from "../kafka/lag/burrow-verdicts.ts";
import { socketTrouble } from "../kafka/socket-trouble.ts";
import type { OpenKafka } from "./open-kafka.ts";

export type Judged = {
  readonly verdicts: BurrowVerdicts;
  /** Why it tells nothing: then kctl judges. */
  readonly warnings: readonly Fault[];
};

export const nobodyJudges: Judged = { verdicts: new Map(), warnings: [] };

/** Where there are several, the first that answers is as good as any. */
export async function askBurrow(
  { cluster, name }: Pick<OpenKafka, "cluster" | "name">,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<Judged> {
  const members = membersOf(cluster, "burrow");
  if (members.length === 0 || groups.length === 0) return nobodyJudges;
  const whys: string[] = [];
  for (const { node, address, ports } of members) {
    try {
      const verdicts = await burrowVerdicts({ host: address, port: ports["http"] ?? 0 }, name, groups, signal);
      return { verdicts, warnings: [] };
    } catch (error) {
      signal.throwIfAborted();
      whys.push(`${node}: ${why(error)}`);
    }
  }
  return { verdicts: nobodyJudges.verdicts, warnings: [silence(name, whys)] };
}

function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? socketTrouble(error) : error.message;
}

function silence(cluster: string, whys: readonly string[]): Fault {
  return {
    code: "burrow-unreachable",
    what: `the Burrow of ${cluster} tells nothing, so its groups are judged by what kctl sees: ${whys.join("; ")}`,
    fix: "see with `kctl status` whether it runs, and start it with `kctl up`; after a start it needs a while until it knows its clusters",
  };
}
