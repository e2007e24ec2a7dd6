/** This machine, seen once for all who look at the same time: every node of a local cluster is on it. */
import { setTimeout as delay } from "node:timers/promises";
import { KctlError } from "../../fault.ts";
import type { PortHolder } from "../../plan/observed.ts";
import { darwinPorts } from "./darwin-ports.ts";
import { darwinProcesses } from "./darwin-processes.ts";
import { isLauncher } from "./launcher.ts";
import { linuxPorts } from "./linux-ports.ts";
import { linuxProcesses } from "./linux-processes.ts";
import { hasArgument, type Processes, type Sighting } from "./processes.ts";

export type Machine = {
  /** This user's processes that carry one of the marks as an argument, and perhaps others. */
  readonly marked: (marks: readonly string[]) => Promise<readonly Sighting[]>;
  /** Who keeps a server from listening on 127.0.0.1, by port; the free ones are not there. */
  readonly holders: (ports: readonly number[]) => Promise<ReadonlyMap<number, NonNullable<PortHolder>>>;
  readonly birthOf: Processes["birthOf"];
};

export function thisMachine(): Machine {
  const processes = processesOf(process.platform);
  const ports = process.platform === "darwin" ? darwinPorts : linuxPorts;
  return {
    marked: together((marks: readonly string[]) => settled(processes, marks)),
    holders: together((wanted: readonly number[]) => ports(wanted)),
    birthOf: processes.birthOf,
  };
}

export function processesOf(platform: NodeJS.Platform): Processes {
  if (platform === "linux") return linuxProcesses();
  if (platform === "darwin") return darwinProcesses();
  throw new KctlError({
    code: "not-built",
    what: `kctl cannot see the processes of ${platform}`,
    fix: "run it on Linux or macOS; on Windows inside WSL",
  });
}

/** How long a launcher may be waited for: it takes milliseconds, unless the kctl that started it is paused. */
const settleMilliseconds = 2000;

/** The marked processes, once each is a service or has ended: a launcher is about to do one or the other. */
async function settled(processes: Processes, marks: readonly string[]): Promise<readonly Sighting[]> {
  const deadline = performance.now() + settleMilliseconds;
  for (;;) {
    const seen = await processes.sightings((command) => marks.some((mark) => hasArgument(command, mark)));
    const services = seen.filter(({ command }) => !isLauncher(command));
    if (services.length === seen.length || performance.now() > deadline) return services;
    await delay(5);
  }
}

/**
 * Makes calls that come together share one look. It begins after the last of them has asked, so that none is told
 * what was true before it asked.
 */
function together<Item, Seen>(
  look: (items: readonly Item[]) => Promise<Seen>,
): (items: readonly Item[]) => Promise<Seen> {
  let waiting: { readonly items: Set<Item>; readonly seen: Promise<Seen> } | null = null;
  return (asked) => {
    if (waiting === null) {
      const items = new Set<Item>();
      const seen = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
        waiting = null;
        return look([...items]);
      });
      waiting = { items, seen };
    }
    for (const item of asked) waiting.items.add(item);
    return waiting.seen;
  };
}
