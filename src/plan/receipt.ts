/** The record that kctl leaves of what it made: written before the first change, read by every later run. */
import { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import { isKnown } from "../cluster/known-after-up.ts";
import type { KnownIds } from "../cluster/known-ids.ts";
import { KctlError } from "../fault.ts";
import type { DesiredState } from "../services/desired.ts";
import type { Identity } from "../services/service.ts";
import type { ObservedHost, ObservedIdentity } from "./observed.ts";
import { listedSoftware, softwareInUse } from "./software-versions.ts";

const ids = z.record(z.string(), z.int().nonnegative());

/** A newer kctl may add keys; a change of meaning raises `schema`, and an older kctl then refuses. */
const receiptSchema = z.object({
  schema: z.literal(1),
  cluster: z.string(),
  provider: z.enum(["local", "ssh", "aws", "external"]),
  kafkaVersion: z.string(),
  /** The home of the Java that the servers run on: kept while it is there, whatever JAVA_HOME says later. */
  java: z.string(),
  /** The cache that the servers' software lies in: kept while it is whole, whatever KCTL_CACHE says later. */
  cache: z.string(),
  /** The id that Kafka gave the cluster, or was given for it; null until it is known. */
  clusterId: z.string().nullable(),
  /** KRaft: the id of each server's storage, by NODE/ROLE; and the members whose storage was formatted. */
  directoryIds: z.record(z.string(), z.string()),
  formatted: z.array(z.string()),
  /** Every member and its id, by NODE/ROLE. */
  members: ids,
  /** The highest id ever given, by role. */
  highest: ids,
  /** Every member's ports, by NODE/ROLE and name: what it listens on while it runs. */
  ports: z.record(z.string(), z.record(z.string(), z.int())).default({}),
  folders: z.array(z.string()),
  files: z.array(z.string()),
  /** Machines of its own, by node; `made`: what beside files and folders kctl did to it (`user NAME`, `package NAME`, `sysctl NAME=FORMER`, `volume ID`). */
  machines: z
    .record(
      z.string(),
      z.object({
        address: z.string(),
        /** Whom to log in as, where the spec has one for this node. */
        user: z.string().optional(),
        folders: z.array(z.string()),
        files: z.array(z.string()),
        units: z.array(z.string()),
        /** In the order of use, the last one at the end. */
        software: z.array(z.string()),
        made: z.array(z.string()),
      }),
    )
    .optional(),
  /** Every machine has a copy: the highest is the newest. */
  revision: z.int().optional(),
  /** Settings that kctl set live: for the cluster, and by broker id. Only these are ever taken back. */
  liveSettings: z
    .object({ cluster: z.array(z.string()), brokers: z.record(z.string(), z.array(z.string())) })
    .default({ cluster: [], brokers: {} }),
  /** Topics that kctl made (`made`), and the settings that it set on topics; with their ids once known. */
  topics: z
    .record(z.string(), z.object({ made: z.boolean(), id: z.string().nullable(), settings: z.array(z.string()) }))
    .default({}),
  /** Moves of replicas that kctl began: topics and brokers that have a throttle for them until they are done. */
  reassigning: z.object({ topics: z.array(z.string()), brokers: z.array(z.int()) }).optional(),
});

export type Receipt = z.infer<typeof receiptSchema>;

/** Throws `receipt-unreadable` for one that is damaged or that a newer kctl wrote. */
export function parseReceipt(text: string): Receipt {
  const damaged = (why: string): KctlError =>
    new KctlError({
      code: "receipt-unreadable",
      what: `the receipt of this cluster ${why}`,
      fix: "use the kctl that wrote it, or put receipt.json back from a backup",
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged("is not valid JSON");
  }
  const result = receiptSchema.safeParse(value);
  if (result.success) return result.data;
  const { schema } = z.looseObject({ schema: z.unknown() }).catch({ schema: undefined }).parse(value);
  throw damaged(
    typeof schema === "number" && schema > 1 ? `was written by a newer kctl (schema ${schema})` : "is damaged",
  );
}

export function knownIdsOf(receipt: Receipt | null): KnownIds {
  return receipt === null ? { members: {}, highest: {} } : { members: receipt.members, highest: receipt.highest };
}

/**
 * What a KRaft cluster is born with; what it still lacks comes from `fresh`. Once a storage is formatted, the first voters are
 * settled: a controller that comes later has none, and joins.
 */
export function identityOf(
  cluster: Cluster,
  former: Receipt | null,
  storedClusterId: string | null,
  fresh: () => string,
): Identity {
  if (cluster.quorum !== "kraft") return { clusterId: "", directoryIds: {} };
  const controllers = cluster.members.filter(({ role }) => role === "controller");
  // Where the receipt was lost, data folders that name the cluster tell as much.
  const born = former === null ? storedClusterId !== null : former.formatted.length > 0;
  const directoryIds = controllers.flatMap(({ key }) => {
    const id = former?.directoryIds[key] ?? (born ? undefined : fresh());
    return id === undefined ? [] : [[key, id] as const];
  });
  return { clusterId: former?.clusterId ?? storedClusterId ?? fresh(), directoryIds: Object.fromEntries(directoryIds) };
}

export type ReceiptInput = {
  readonly cluster: Cluster;
  readonly desired: DesiredState;
  readonly made: Pick<Receipt, "java" | "cache"> & { readonly identity: Identity };
  /** By member key: what the data folders say. */
  readonly stored: Readonly<Record<string, ObservedIdentity>>;
  /**
   * By node, what is there beside what this kctl made: other clusters' additions to a machine that they share, which go with the last of
   * them; a volume that has its file system.
   */
  readonly inherited?: Readonly<Record<string, readonly string[]>>;
  /** By node: what of former software is there. */
  readonly seen?: Readonly<Record<string, Pick<ObservedHost, "machine">>>;
  /** What kctl keeps of Kafka's own: see kafka-changes.ts. */
  readonly kafka: Pick<Receipt, "liveSettings" | "topics">;
};

/** What the receipt will say once the plan is carried out; former paths and ids stay in it until they are seen gone. */
export function nextReceipt(input: ReceiptInput, former: Receipt | null): Receipt {
  const { cluster, desired, made, stored, kafka } = input;
  const members = { ...former?.members };
  const highest: Record<string, number> = { ...former?.highest };
  for (const { key, id, role } of cluster.members) {
    members[key] = id;
    highest[role] = Math.max(highest[role] ?? 0, id);
  }
  const shared = desired.hosts.filter(({ machine }) => machine === undefined);
  const paths = (former: readonly string[] | undefined, now: readonly string[]): string[] =>
    [...new Set([...(former ?? []), ...now])].toSorted();
  const next: Receipt = {
    schema: 1,
    cluster: cluster.name,
    provider: cluster.provider,
    kafkaVersion: cluster.kafkaVersion,
    java: made.java,
    cache: made.cache,
    clusterId:
      cluster.quorum === "kraft" ? made.identity.clusterId : (former?.clusterId ?? clusterIdIn(Object.values(stored))),
    directoryIds: { ...former?.directoryIds, ...made.identity.directoryIds, ...directoryIdsIn(stored) },
    formatted: cluster.quorum === "kraft" ? paths(former?.formatted, formattedIn(stored)) : (former?.formatted ?? []),
    members,
    highest,
    ports: { ...former?.ports, ...Object.fromEntries(cluster.members.map(({ key, ports }) => [key, { ...ports }])) },
    folders: paths(
      former?.folders,
      shared.flatMap((host) => host.folders.map(({ path }) => path)),
    ),
    files: paths(
      former?.files,
      shared.flatMap((host) => host.files.map(({ path }) => path)),
    ),
    ...machinesIn(input, former),
    ...kafka,
    ...(former?.reassigning === undefined ? {} : { reassigning: former.reassigning }),
  };
  if (next.machines === undefined) return next;
  const revision = former?.revision ?? 0;
  // Parsed, its keys are in the order in which those of a file come.
  const as = (number: number): Receipt => receiptSchema.parse({ ...next, revision: number });
  const isSame = former !== null && receiptText(as(revision)) === receiptText(former);
  return as(isSame ? revision : revision + 1);
}

/** Each with what is made there from now on, and what was made before until it is seen gone. */
function machinesIn(
  { desired, cluster, inherited = {}, seen: hosts = {} }: ReceiptInput,
  former: Receipt | null,
): Pick<Receipt, "machines"> {
  const own = desired.hosts.flatMap(({ node, machine, folders, files }) => {
    if (machine === undefined) return [];
    const before = former?.machines?.[node];
    const seen = hosts[node]?.machine;
    const both = (old: readonly string[] | undefined, now: readonly string[]): string[] =>
      [...new Set([...(old ?? []), ...now])].toSorted();
    const paths = (all: readonly { readonly path: string }[]): readonly string[] => all.map(({ path }) => path);
    const entry = cluster.nodes.find(({ name }) => name === node);
    const its = {
      address: entry !== undefined && isKnown(entry.address) ? entry.address : (before?.address ?? node),
      ...(entry === undefined || entry.user === null ? {} : { user: entry.user }),
      folders: both(before?.folders, paths(folders)),
      files: both(before?.files, paths(files)),
      units: both(
        before?.units,
        machine.units.map(({ name }) => name),
      ),
      software: listedSoftware(before?.software ?? [], softwareInUse(machine, seen), seen, {
        cluster: cluster.name,
        others: Object.values(seen?.otherReceipts ?? {}).map(readableReceipt),
      }),
      made: both(before?.made, inherited[node] ?? []),
    };
    return [[node, its] as const];
  });
  return own.length === 0 ? {} : { machines: { ...former?.machines, ...Object.fromEntries(own) } };
}

/** What other clusters' receipts on a machine say that was added to it; those that cannot be read say nothing. */
export function addedByOthers(address: string, otherReceipts: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(otherReceipts).flatMap((text) => {
    const machines = readableReceipt(text)?.machines ?? {};
    return Object.values(machines)
      .filter((machine) => machine.address === address)
      .flatMap(({ made }) => made.filter((what) => !what.startsWith("volume ")));
  });
}

/** null for one that is damaged, or that a newer kctl wrote. */
export function readableReceipt(text: string): Receipt | null {
  try {
    return parseReceipt(text);
  } catch {
    return null;
  }
}

/** The id that most data folders name; null where none does. */
export function clusterIdIn(stored: readonly ObservedIdentity[]): string | null {
  const ids = stored.flatMap(({ clusterId }) => clusterId ?? []);
  const count = (id: string): number => ids.filter((other) => other === id).length;
  return ids.toSorted((a, b) => count(b) - count(a) || (a < b ? -1 : 1))[0] ?? null;
}

function directoryIdsIn(stored: Readonly<Record<string, ObservedIdentity>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(stored).flatMap(([key, { directoryId }]) => (directoryId === null ? [] : [[key, directoryId]])),
  );
}

/** Storage that says whose it is was formatted, whatever a receipt that was lost since said of it. */
function formattedIn(stored: Readonly<Record<string, ObservedIdentity>>): readonly string[] {
  return Object.entries(stored).flatMap(([key, { clusterId }]) => (clusterId === null ? [] : [key]));
}

/**
 * Of two copies that were written from the same one by two who each could not reach the other's machines: what the first says,
 * and of what was made and formatted what either does.
 */
export function withBoth(first: Receipt, second: Receipt): Receipt {
  const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])].toSorted();
  const machines = Object.entries(second.machines ?? {}).map(([node, its]) => {
    const known = first.machines?.[node];
    if (known === undefined) return [node, its] as const;
    const lists = (["folders", "files", "units", "made"] as const).map(
      (kind) => [kind, union(known[kind], its[kind])] as const,
    );
    const software = [...its.software.filter((folder) => !known.software.includes(folder)), ...known.software];
    return [node, { ...known, ...Object.fromEntries(lists), software }] as const;
  });
  return receiptSchema.parse({
    ...first,
    clusterId: first.clusterId ?? second.clusterId,
    directoryIds: { ...second.directoryIds, ...first.directoryIds },
    formatted: union(first.formatted, second.formatted),
    members: { ...second.members, ...first.members },
    folders: union(first.folders, second.folders),
    files: union(first.files, second.files),
    topics: { ...second.topics, ...first.topics },
    reassigning: first.reassigning ?? second.reassigning,
    ...(first.machines === undefined ? {} : { machines: { ...first.machines, ...Object.fromEntries(machines) } }),
  });
}

export function receiptText(receipt: Receipt): string {
  return `${JSON.stringify(receipt, null, 2)}\n`;
}
