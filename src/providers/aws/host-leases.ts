/** The leases on the machines of a cluster, whose machines come one by one. */
import type { Lock } from "../provider.ts";
import type { Remote } from "../ssh/remote-machines.ts";

export type Leases = {
  readonly begin: (command: string) => Promise<void>;
  /** One that has just come. */
  readonly add: (node: string) => Promise<void>;
  /** Those that could not be reached before, and can be by now. */
  readonly again: () => Promise<void>;
  /** A machine that goes, for another to come in its place. */
  readonly drop: (node: string) => void;
  readonly stillHeld: () => Promise<boolean>;
  readonly end: () => Promise<void>;
  /** The machines are gone, and their leases with them. */
  readonly forget: () => void;
};

/** Beside EC2's own lock, each machine has its lease: scripts on it look at that. */
export function leaseHosts(
  { lock, lockMore, lockLess, provider }: Pick<Remote, "lock" | "lockMore" | "lockLess" | "provider">,
  nodes: () => readonly string[],
): Leases {
  let command: string | null = null;
  let held: Lock | null = null;
  let turn: Promise<void> = Promise.resolve();
  const take = async (): Promise<void> => {
    if (command === null || nodes().length === 0) return;
    try {
      held = await lock(command);
    } catch (error) {
      // What cannot be reached cannot be changed from there either; EC2's lock holds for the rest.
      if (!provider.unreachable(error)) throw error;
    }
  };
  const add = async (node: string): Promise<void> => {
    // The first one that comes makes the lease, the others join it.
    if (held === null) await take();
    else await lockMore([node]);
  };
  return {
    begin: async (given) => {
      command = given;
      await take();
    },
    add: (node) => {
      turn = turn.then(() => add(node));
      return turn;
    },
    again: () => {
      turn = turn.then(() => (held === null ? take() : lockMore(nodes())));
      return turn;
    },
    drop: lockLess,
    stillHeld: async () => held === null || held.stillHeld(),
    forget: () => {
      held = null;
      command = null;
    },
    end: async () => {
      await turn.catch(() => undefined);
      await held?.release();
      held = null;
      command = null;
    },
  };
}
