/** What stands in the way of a plan: seen before anything is touched, and named with the way out. */
import type { Cluster } from "../cluster/cluster.ts";
import { isKnown } from "../cluster/known-after-up.ts";
import type { Fault } from "../fault.ts";
import type { DesiredState } from "../services/desired.ts";
import { identityConflicts } from "./identity-conflicts.ts";
import type { ObservedProcess, ObservedState, PortHolder } from "./observed.ts";
import type { Receipt } from "./receipt.ts";
import { unseenVolumes, volumeObstacles } from "./volume-steps.ts";

export function obstacles(
  cluster: Cluster,
  desired: DesiredState,
  observed: ObservedState,
  receipt: Receipt | null,
): readonly Fault[] {
  const isSeen = unseenVolumes(desired, observed).length === 0;
  return [
    ...volumeObstacles(desired, observed, receipt),
    ...changesNotBuilt(cluster, desired, observed, receipt),
    ...(isSeen ? identityConflicts(cluster, desired, observed, receipt) : []),
    ...thingsInTheWay(desired, observed),
    ...somebodysAccount(desired, observed, receipt),
    ...takenPorts(desired, observed, receipt),
    ...noAddress(cluster),
  ];
}

function changesNotBuilt(
  cluster: Cluster,
  desired: DesiredState,
  observed: ObservedState,
  receipt: Receipt | null,
): readonly Fault[] {
  if (receipt === null) return [];
  const faults: Fault[] = [];
  const refuse = (what: string, fix: string): number => faults.push({ code: "not-built", what, fix });
  // A receipt is written before the first change: where nothing has run since, nothing depends on what it says.
  const ran = hasRun(desired, observed.hosts);
  if (ran && receipt.kafkaVersion !== cluster.kafkaVersion) {
    refuse(
      `the cluster runs Kafka ${receipt.kafkaVersion}, and the spec says ${cluster.kafkaVersion}: changing the version of a cluster is not built yet`,
      `put kafka.version back to ${receipt.kafkaVersion}`,
    );
  }
  const keys = new Set([...cluster.members, ...cluster.joiningLater].map(({ key }) => key));
  for (const key of Object.keys(receipt.members)) {
    if (!keys.has(key))
      refuse(
        `${key} belongs to the cluster and is not in the spec any more: taking a server out is not built yet`,
        "put it back into the spec",
      );
  }
  return [...faults, ...portsMoved(desired, observed, receipt)];
}

/** Whether anything of the cluster runs, ran, or has data. */
export function hasRun(desired: DesiredState, hosts: ObservedState["hosts"]): boolean {
  return desired.hosts.some(({ node, storedIds }) => {
    const seen = hosts[node];
    if (seen === undefined) return true;
    const byItself = storedIds.filter(({ form }) => form === "meta.properties");
    return (
      Object.values(seen.processes).some(({ state }) => state !== "absent") ||
      byItself.some(({ member }) => Object.hasOwn(seen.identities, member))
    );
  });
}

/**
 * Servers find each other by their ports: with those of some changed and of others not, no quorum would be left. The listener for
 * clients outside is no port of theirs.
 */
function portsMoved(desired: DesiredState, { hosts }: ObservedState, receipt: Receipt): readonly Fault[] {
  return desired.hosts.flatMap(({ node, processes }) =>
    processes.flatMap(({ key, ports }): readonly Fault[] => {
      const former = receipt.ports[key];
      if (former === undefined || hosts[node]?.processes[key]?.state !== "running") return [];
      const moved = Object.entries(ports).filter(
        ([name, port]) => name !== "external" && former[name] !== undefined && former[name] !== port,
      );
      if (moved.length === 0) return [];
      const what = moved.map(([name, port]) => `${name} ${former[name]} to ${port}`).join(", ");
      return [
        {
          code: "not-built",
          node,
          what: `the ports of ${key} would change while it runs (${what}): that is not built yet`,
          fix: "put the port back; or `kctl destroy --keep-data`, then change it and run `kctl up`",
        },
      ];
    }),
  );
}

function thingsInTheWay(desired: DesiredState, observed: ObservedState): readonly Fault[] {
  return desired.hosts.flatMap(({ node, files, folders }) => {
    const seen = observed.hosts[node];
    const inTheWay = (path: string, what: string, wanted: string): Fault => ({
      code: "local-io",
      node,
      where: path,
      what: `${path} is ${what}, where kctl needs ${wanted}`,
      fix: "move it away; kctl neither writes through it nor deletes it",
    });
    return [
      ...folders.flatMap(({ path }) => {
        const folder = seen?.folders[path];
        return folder?.kind === "other" ? [inTheWay(path, folder.what, "a folder")] : [];
      }),
      ...files.flatMap(({ path }) => {
        const file = seen?.files[path];
        return file?.kind === "other" ? [inTheWay(path, file.what, "a file")] : [];
      }),
    ];
  });
}

/** Whoever logs in as the servers' user can read and change all that they have. One that kctl made may have been given a shell since. */
function somebodysAccount(desired: DesiredState, { hosts }: ObservedState, receipt: Receipt | null): readonly Fault[] {
  return desired.hosts.flatMap(({ node, machine }): readonly Fault[] => {
    const shell = hosts[node]?.machine?.loginShell;
    if (machine === undefined || shell === undefined) return [];
    if (receipt?.machines?.[node]?.made.includes(`user ${machine.user}`) === true) return [];
    return [
      {
        code: "host-io",
        node,
        what: `${machine.user} on ${node} is an account to log in with (its shell is ${shell}), and the servers would run as it`,
        fix: `if it is a person's, rename it; if it is there for Kafka, \`usermod --shell /usr/sbin/nologin ${machine.user}\``,
      },
    ];
  });
}

function takenPorts(desired: DesiredState, observed: ObservedState, receipt: Receipt | null): readonly Fault[] {
  return desired.hosts.flatMap(({ node, machine, processes }) =>
    processes.flatMap(({ key, ports }) => {
      const seen = observed.hosts[node];
      const process = seen?.processes[key];
      return Object.entries(ports).flatMap(([name, port]): readonly Fault[] => {
        const holder = seen?.ports[String(port)];
        if (holder === undefined || holder === null) return [];
        // Another machine could have an archive from there, and kctl was killed: that is ended before the server starts.
        if (holder.pid === 1 && seen?.machine?.leftovers.some((left) => left.endsWith(".socket")) === true) return [];
        if (process?.state === "running" && isOwnPort(holder, process, receipt?.ports[key]?.[name] === port)) return [];
        const who =
          holder.pid === null
            ? "a process of another user"
            : `process ${holder.pid}${holder.command === null ? "" : ` (${holder.command})`}`;
        return [
          {
            code: "port-taken",
            node,
            what: `port ${port}, ${key}'s ${name} port, is held by ${who}`,
            fix:
              machine === undefined
                ? "stop that process, or choose another `provider.port`"
                : "stop that process, or take another machine (clients' port alone can be changed: `kafka.clients.port`)",
          },
        ];
      });
    }),
  );
}

/** A port of a server that runs and is to be restarted: its own, unless somebody else is seen to hold it. */
function isOwnPort(
  { pid }: NonNullable<PortHolder>,
  process: Extract<ObservedProcess, { readonly state: "running" }>,
  hadIt: boolean,
): boolean {
  if (pid === null) return hadIt;
  return [process, ...(process.extras ?? [])].some((own) => own.pid === pid);
}

/** Clients cannot be told an address that a machine does not have. One that is still to be made may get it. */
function noAddress({ nodes, members }: Cluster): readonly Fault[] {
  return members.flatMap(({ node, role, advertised, advertisedOutside }): readonly Fault[] => {
    const machine = nodes.find(({ name }) => name === node);
    if (role !== "broker" || machine === undefined || !isKnown(machine.address)) return [];
    const lacking = (section: string, told: string | null): readonly Fault[] =>
      told === null || isKnown(told)
        ? []
        : [
            {
              code: "no-address",
              node,
              what: `the machine of ${node} has no address of the kind that \`${section}.advertise\` says clients are told`,
              fix: `choose another \`${section}.advertise\`, or give the machine such an address`,
            },
          ];
    return [...lacking("kafka.clients", advertised), ...lacking("kafka.external", advertisedOutside)];
  });
}
