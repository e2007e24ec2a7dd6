/** Waits for instances: all that wait share one Describe at a time, about one a second. */
import { setTimeout as delay } from "node:timers/promises";
import { KctlError } from "../../fault.ts";
import type { SeenInstance } from "../../ec2/seen.ts";
import type { Api } from "./api.ts";
import { instancesBy } from "./observe.ts";

export type InstanceWatch = {
  /**
   * Resolves with the instance as soon as `holds` says so; of one that is not seen yet nothing is known, and that is no answer.
   * Throws what `holds` throws, and `timeout` after the wait's own time.
   */
  readonly until: (id: string, what: string, holds: (instance: SeenInstance) => boolean) => Promise<SeenInstance>;
};

type Waiter = {
  readonly id: string;
  readonly holds: (instance: SeenInstance) => boolean;
  readonly done: PromiseWithResolvers<SeenInstance>;
};

/** EC2's filters take 200 values (Amazon EC2 API Reference, "Filter"). */
const mostValues = 200;

const firstPauseMs = 1000;
const longestPauseMs = 2500;

export type WatchOptions = { readonly timeoutSeconds: number; readonly signal: AbortSignal };

export function watchInstances(api: Api, { timeoutSeconds, signal }: WatchOptions): InstanceWatch {
  const waiters = new Set<Waiter>();
  let turning = false;

  const look = async (): Promise<void> => {
    const ids = [...new Set([...waiters].map(({ id }) => id))];
    const chunks = Array.from({ length: Math.ceil(ids.length / mostValues) }, (_, at) =>
      ids.slice(at * mostValues, (at + 1) * mostValues),
    );
    const seen = (
      await Promise.all(chunks.map((Values) => instancesBy(api, [{ Name: "instance-id", Values }])))
    ).flat();
    for (const waiter of waiters) {
      const instance = seen.find(({ id }) => id === waiter.id);
      if (instance === undefined) continue;
      try {
        if (waiter.holds(instance)) waiter.done.resolve(instance);
        else continue;
      } catch (error) {
        waiter.done.reject(error);
      }
      waiters.delete(waiter);
    }
  };
  const turn = async (): Promise<void> => {
    if (turning) return;
    turning = true;
    try {
      for (let pause = firstPauseMs; waiters.size > 0; pause = Math.min(pause * 1.2, longestPauseMs)) {
        await delay(pause, undefined, { signal });
        await look();
      }
    } catch (error) {
      for (const { done } of waiters) done.reject(error);
      waiters.clear();
    } finally {
      turning = false;
    }
  };
  return {
    until: async (id, what, holds) => {
      const waiter: Waiter = { id, holds, done: Promise.withResolvers() };
      waiters.add(waiter);
      const late = setTimeout(() => {
        waiters.delete(waiter);
        waiter.done.reject(
          new KctlError({
            code: "timeout",
            what: `${id} was not ${what} within ${timeoutSeconds} s`,
            fix: "see the instance in the EC2 console; run the same command again: it goes on from here",
          }),
        );
      }, timeoutSeconds * 1000);
      void turn();
      try {
        return await waiter.done.promise;
      } finally {
        clearTimeout(late);
      }
    },
  };
}
