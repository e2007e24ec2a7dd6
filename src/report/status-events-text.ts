/** What changed of a cluster, in sentences. */
import type { IsrChange, StatusEvent } from "./status-events.ts";

/** How many partitions have a line of their own where the same befell them. */
const alone = 3;

type OfPartition = Extract<StatusEvent, { readonly partition: number }>;

/** In their order; partitions that the same befell at the same time are told of together. */
export function eventLines(events: readonly StatusEvent[]): readonly string[] {
  const groups = Map.groupBy(events, (event) => `${event.at} ${together(event)}`);
  return [...groups.values()].flatMap((its) => {
    const [first] = its;
    const time = `${first?.at.slice(11, 19)}Z`;
    const ofPartitions = its.filter((event) => "partition" in event);
    return (ofPartitions.length > alone ? [ofMany(ofPartitions)] : its.map(ofOne)).map((line) => `${time}  ${line}`);
  });
}

function together(event: StatusEvent): string {
  switch (event.kind) {
    case "isr-shrink":
      return `${event.kind} ${event.brokers.join(" ")}`;
    case "isr-expand":
      return `${event.kind} ${event.back} ${event.brokers.join(" ")}`;
    case "leader":
      return `${event.kind} ${event.from} ${event.to}`;
    case "controller":
    case "broker-left":
    case "broker-came":
    case "service":
      return event.kind;
  }
}

function ofOne(event: StatusEvent): string {
  switch (event.kind) {
    case "isr-shrink":
    case "isr-expand":
      return `${nameOf(event)}: ${replicaText(event)} (${event.isr.length} of ${event.replicas.length} in sync)`;
    case "leader":
      return `${nameOf(event)}: ${leaderText(event)}`;
    case "controller":
      return controllerText(event.from, event.to);
    case "broker-left":
      return `broker ${event.id} (${event.node}) left the cluster`;
    case "broker-came":
      return `broker ${event.id} (${event.node}) is in the cluster`;
    case "service":
      return `${event.role} on ${event.node}: ${event.from}, now ${event.to}`;
  }
}

function ofMany(events: readonly OfPartition[]): string {
  const [first] = events;
  if (first === undefined) return "";
  const names = events.map(nameOf);
  const some = `${names.slice(0, alone).join(", ")} and ${names.length - alone} more`;
  const what = first.kind === "leader" ? leaderText(first) : replicaText(first);
  return `${names.length} partitions: ${what}: ${some}`;
}

const nameOf = ({ topic, partition }: Pick<OfPartition, "topic" | "partition">): string => `${topic}-${partition}`;

function replicaText(event: Extract<StatusEvent, IsrChange>): string {
  const ids = event.brokers.join(" and ");
  if (event.kind === "isr-shrink") return `${ids} left the ISR`;
  return event.back ? `${ids} came back into the ISR` : `${ids} joined the ISR`;
}

function leaderText({ from, to }: Pick<Extract<StatusEvent, { readonly kind: "leader" }>, "from" | "to">): string {
  if (to === null) return `offline: its leader was ${from}, it has none`;
  return from === null ? `led by ${to}, it had no leader` : `led by ${to}, before by ${from}`;
}

function controllerText(from: number | null, to: number | null): string {
  if (to === null) return `no controller is known, it was ${from}`;
  return from === null ? `the controller is ${to}` : `the controller is ${to}, it was ${from}`;
}
