/** Lets so many through at once, and fewer once it is seen that there is no room for them. */

export type Turnstile = {
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
  /** Called by one that is inside and has found no room. @returns whether it is the only one inside */
  narrow(): boolean;
};

export function makeTurnstile(most: number): Turnstile {
  let room = most;
  let inside = 0;
  const waiting: (() => void)[] = [];
  const letIn = (): void => {
    while (inside < room && waiting.length > 0) {
      inside += 1;
      waiting.shift()?.();
    }
  };
  return {
    enter: async (signal) => {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const abort = (): void => {
        const at = waiting.indexOf(resolve);
        if (at === -1) return;
        waiting.splice(at, 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", abort, { once: true });
      waiting.push(resolve);
      letIn();
      try {
        await promise;
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    leave: () => {
      inside -= 1;
      letIn();
    },
    narrow: () => {
      room = Math.max(1, Math.min(room, inside - 1));
      return inside === 1;
    },
  };
}
