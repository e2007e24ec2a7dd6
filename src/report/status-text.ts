/** A cluster's status: a table where there is room for one, else a list. */
import type { Paint } from "./colours.ts";
import type { Page } from "./reporter.ts";
import type { StatusShown } from "./status-shown.ts";
import { tableLines } from "./table.ts";
import { columnsOf, fold } from "./width.ts";

/** A server with what is known of it; empty where nothing is. */
type Row = Readonly<Record<"node" | "service" | "id" | "state" | "address" | "pid" | "leads", string>>;

export function statusText(status: StatusShown, paint: Paint, { columns, words }: Page): string {
  const rows = rowsOf(status);
  const table = tableOf(rows, paint, columns !== null);
  const fits = columns === null || table.every((line) => columnsOf(line) < columns);
  const lines = [
    ...titleLines(status, paint),
    "",
    ...(words ? rows.map(sentence) : fits ? table : listOf(rows, paint)),
    "",
    ...machineLines(status, paint),
    partitionsLine(status, paint),
  ];
  return columns === null ? lines.join("\n") : fold(lines.join("\n"), columns - 1);
}

function titleLines({ cluster, healthy, versions }: StatusShown, paint: Paint): readonly string[] {
  const software = Object.entries({ Kafka: versions.kafka, ZooKeeper: versions.zookeeper })
    .flatMap(([name, version]) => (version === null ? [] : [`${name} ${version}`]))
    .join(", ");
  const health = healthy ? paint("green", "healthy") : paint("red", "not healthy");
  return [`${paint("bold", cluster)}: ${health}${software === "" ? "" : paint("dim", ` (${software})`)}`];
}

/** Of a cluster that kctl does not manage, the brokers that are registered are all that is known. */
function rowsOf(status: StatusShown): readonly Row[] {
  if (status.nodes.length === 0)
    return status.brokers.map(({ id, node, address }) => {
      const its = { node, service: "broker", id: String(id), state: "running", address };
      return { ...its, pid: "", leads: status.controller?.id === id ? "leader" : "" };
    });
  return status.nodes.flatMap(({ name, address, services, addresses, ids, pids }) =>
    Object.entries(services).map(([role, state]): Row => {
      const broker = role === "broker" ? status.brokers.find(({ node }) => node === name) : undefined;
      return {
        node: name,
        service: role,
        id: String(ids[role] ?? ""),
        state,
        address: broker?.address ?? addresses[role] ?? address,
        pid: String(pids[role] ?? ""),
        leads: broker === undefined ? vote(status, name, role) : broker.controller ? "controller" : "",
      };
    }),
  );
}

/** What a controller is in the quorum. */
function vote({ controller, quorum }: StatusShown, node: string, role: string): string {
  if (role !== "controller") return "";
  const voter = quorum?.voters.find((one) => one.node === node);
  if (voter === undefined) return controller?.node === node ? "leader" : "";
  if (voter.id === quorum?.leader) return "leader";
  return `voter, ${voter.lag === null ? "has fetched nothing yet" : `lag ${voter.lag}`}`;
}

const signs: Readonly<Record<string, readonly [string, Parameters<Paint>[0]]>> = {
  running: ["●", "green"],
  stopped: ["○", "yellow"],
  failed: ["✗", "red"],
  absent: ["○", "dim"],
  unknown: ["?", "yellow"],
};

function stateText(state: string, paint: Paint): string {
  const [sign, colour] = signs[state] ?? ["?", "yellow"];
  return paint(colour, `${sign} ${state}`);
}

/** On a terminal a node is named once; in a file each line stands for itself. */
function tableOf(rows: readonly Row[], paint: Paint, once: boolean): readonly string[] {
  const cells = rows.map(({ node, service, id, state, address, pid, leads }, index) => {
    const name = once && rows[index - 1]?.node === node ? "" : paint("bold", node);
    return [name, service, id.padStart(4), stateText(state, paint), address, pid, leadsText(leads, paint)];
  });
  const head = ["NODE", "SERVICE", "  ID", "STATE", "ADDRESS", "PID", ""];
  const [header = "", ...lines] = tableLines([head, ...cells]);
  return [paint("dim", header), ...lines];
}

function leadsText(leads: string, paint: Paint): string {
  return leads === "controller" || leads === "leader"
    ? paint("cyan", `◆ ${leads}`)
    : leads === ""
      ? ""
      : paint("dim", leads);
}

function listOf(rows: readonly Row[], paint: Paint): readonly string[] {
  return rows.flatMap(({ node, service, id, state, address, pid, leads }, index) => [
    ...(rows[index - 1]?.node === node ? [] : [paint("bold", node)]),
    `  ${stateText(state, paint)}  ${`${service} ${id}`.trim()}${leads === "" ? "" : `  ${leadsText(leads, paint)}`}`,
    `    ${paint("dim", pid === "" ? address : `${address}  pid ${pid}`)}`,
  ]);
}

/** Machines that kctl made, as EC2 sees them. */
function machineLines({ nodes }: StatusShown, paint: Paint): readonly string[] {
  const cells = nodes.flatMap(({ name, machine }) => {
    if (machine === undefined) return [];
    if (machine === null) return [[paint("bold", name), paint("yellow", "no machine"), "", "", "", ""]];
    const { id, type, zone, state, privateAddress, publicAddress, volume } = machine;
    const addresses = [privateAddress, publicAddress].flatMap((one) => one ?? []).join(", ");
    return [
      [
        paint("bold", name),
        id,
        paint(state === "running" ? "green" : "yellow", state),
        `${type} in ${zone}`,
        addresses,
        volume ?? "",
      ],
    ];
  });
  if (cells.length === 0) return [];
  const [header = "", ...lines] = tableLines([["MACHINE", "ID", "STATE", "TYPE", "ADDRESSES", "VOLUME"], ...cells]);
  return [paint("dim", header), ...lines, ""];
}

/** For a screen reader. */
function sentence({ node, service, id, state, address, pid, leads }: Row): string {
  const more = [leads, address, pid === "" ? "" : `process ${pid}`].filter((part) => part !== "");
  return `${node}, ${`${service} ${id}`.trim()}: ${[state, ...more].join(", ")}`;
}

function partitionsLine({ partitions }: StatusShown, paint: Paint): string {
  const { total, underReplicated, offline } = partitions;
  const count = (label: string, value: number | null, bad: Parameters<Paint>[0]): string => {
    const text = `${label}: ${value ?? "unknown"}`;
    return value === 0 ? text : paint(value === null ? "yellow" : bad, text);
  };
  return [
    `partitions: ${total ?? "unknown"}`,
    count("under-replicated", underReplicated, "yellow"),
    count("offline", offline, "red"),
  ].join(", ");
}
