/** A cluster's status as a table. */
import type { Paint } from "./colours.ts";

type Shown = {
  readonly cluster: string;
  readonly healthy: boolean;
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly services: Readonly<Record<string, string>>;
    readonly addresses: Readonly<Record<string, string>>;
  }[];
  readonly brokers: readonly {
    readonly id: number;
    readonly node: string;
    readonly controller: boolean;
    readonly address: string;
  }[];
  readonly controller?: { readonly id: number; readonly node: string } | null;
  readonly quorum?: {
    readonly leader: number;
    readonly voters: readonly { readonly id: number; readonly node: string; readonly lag: number | null }[];
  } | null;
  readonly partitions: Readonly<Record<"total" | "underReplicated" | "offline", number | null>>;
};

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function brokerRole({ id, controller }: Shown["brokers"][number]): string {
  return `id ${id}${controller ? ", controller" : ""}`;
}

/** What a controller is in the quorum. */
function vote({ controller, quorum }: Shown, node: string, role: string): string {
  if (role !== "controller") return "";
  const voter = quorum?.voters.find((one) => one.node === node);
  if (voter === undefined) return controller?.node === node ? `id ${controller.id}, leader` : "";
  if (voter.id === quorum?.leader) return `id ${voter.id}, leader`;
  return `id ${voter.id}, voter, ${voter.lag === null ? "has fetched nothing yet" : `lag ${voter.lag}`}`;
}

export function statusText(status: Shown, paint: Paint): string {
  const rows = status.nodes.flatMap(({ name, address, services, addresses }) =>
    Object.entries(services).map(([role, state]) => {
      const broker = role === "broker" ? status.brokers.find(({ node }) => node === name) : undefined;
      const where = broker?.address ?? addresses[role] ?? address;
      return [name, role, state, where, broker === undefined ? vote(status, name, role) : brokerRole(broker)];
    }),
  );
  const [header = "", ...lines] = table([["NODE", "SERVICE", "STATE", "ADDRESS", ""], ...rows]);
  const { total, underReplicated, offline } = status.partitions;
  const number = (count: number | null): string => (count === null ? "unknown" : String(count));
  return [
    `${paint("bold", status.cluster)}: ${status.healthy ? paint("green", "healthy") : paint("red", "not healthy")}`,
    "",
    paint("dim", header),
    ...lines,
    "",
    `partitions: ${number(total)}, under-replicated: ${number(underReplicated)}, offline: ${number(offline)}`,
  ].join("\n");
}
