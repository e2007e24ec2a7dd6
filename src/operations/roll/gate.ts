/** Waits until a server may be restarted; a gate that does not open ends the roll, with all that keeps it shut. */
import { KctlError } from "../../fault.ts";
import type { Role } from "../../cluster/cluster.ts";
import type { HeldBack } from "../../kafka/may-restart.ts";
import type { Context } from "../context.ts";
import { waitUntil } from "../wait-until.ts";
import { decide, partitionNames, type Decision } from "./decide.ts";
import type { Look } from "./look.ts";

export type Opened = Extract<Decision, { answer: "go" }>;

/** A server that is busy or just being elected answers again within this. */
const patienceSeconds = 10;

export async function gate(
  role: Role,
  left: ReadonlySet<string>,
  look: Look,
  { emit, signal, timeoutSeconds }: Context,
): Promise<Opened> {
  let decision: Decision | undefined;
  let recovering = "";
  await waitUntil(
    async () => {
      const seen = await look(role);
      recovering = seen.servers.map((server) => server.recovering ?? "").join("\n");
      decision = decide(seen, left, Math.min(patienceSeconds, timeoutSeconds / 2));
      return decision.answer !== "wait";
    },
    {
      key: "roll",
      what: () => (decision === undefined || decision.answer === "go" ? "" : waitsFor(decision)),
      timeoutSeconds,
      emit,
      signal,
      progress: () => recovering,
    },
  );
  if (decision?.answer === "go") return decision;
  if (decision === undefined) throw new RangeError("nothing was looked at");
  throw stopped(decision, timeoutSeconds);
}

type Shut = Exclude<Decision, Opened>;

function waitsFor({ key, why, partitions }: Shut): string {
  return `the restart of ${key}: ${why}${named(partitions)}`;
}

const named = (partitions: readonly HeldBack[]): string =>
  partitions.length === 0 ? "" : `: ${partitionNames(partitions)}`;

const mostLines = 30;

function stopped({ answer, key, why, partitions }: Shut, timeoutSeconds: number): KctlError {
  const lines = partitions.map(
    ({ topic, partition, replicas, isr, why: own }) =>
      `${topic}-${partition}: replicas ${replicas.join(", ")}; in sync ${isr.toSorted((a, b) => a - b).join(", ") || "none"}: ${own}`,
  );
  const more = lines.length > mostLines ? [`and ${lines.length - mostLines} more`] : [];
  const waited = answer === "wait" ? `, though it waited ${timeoutSeconds} s` : "";
  return new KctlError({
    code: "roll-stopped",
    node: key.split("/", 1)[0] ?? key,
    what: `${key} may not be restarted${waited}: ${why}${named(partitions)}`,
    fix: "see `kctl status`, and mend what is down",
    ...(lines.length === 0 ? {} : { detail: [...lines.slice(0, mostLines), ...more].join("\n") }),
  });
}
