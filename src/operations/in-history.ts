/** Changes a cluster while no other kctl can, and keeps in its history what was changed, however it ended. */
import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { faultsOf } from "../fault.ts";
import type { Lock, Provider } from "../providers/provider.ts";
import type { Context } from "./context.ts";
import { withLock } from "./with-lock.ts";

export type Changing = {
  readonly provider: Provider;
  readonly command: string;
  readonly context: Context;
};

/** The value of a live setting may be a password. */
function withoutValue({ key, title }: { readonly key: string; readonly title: string }): string {
  return key.startsWith("setting ") ? title.replace(/^(set \S+ of (?:the cluster|broker \d+)) to .*$/s, "$1") : title;
}

/** @param work is given the context in which its changes are told */
export async function inHistory<T extends { readonly changed: number }>(
  { provider, command, context }: Changing,
  work: (context: Context, lock: Lock) => Promise<T>,
): Promise<T> {
  return withLock(provider, command, (lock) =>
    keptInHistory({ history: provider.history, command, context }, (telling) => work(telling, lock)),
  );
}

/** The same without the lock: for what is no business of the servers, and must not wait for a roll of theirs. */
export async function keptInHistory<T extends { readonly changed: number }>(
  { history, command, context }: Pick<Changing, "command" | "context"> & Pick<Provider, "history">,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const titles: string[] = [];
  const emit: Context["emit"] = (event) => {
    // A gate only waits.
    if (event.type === "change-done" && !event.key.startsWith("gate ")) titles.push(withoutValue(event));
    context.emit(event);
  };
  const by = `${userInfo().username}@${hostname()}`;
  const keep = async (changed: number, ok: boolean): Promise<void> => {
    if (titles.length === 0) return;
    try {
      await history.append({ id: randomUUID(), by, command, changed, titles, ok });
    } catch (error) {
      // What was done is done: that it is not written down is no reason to fail.
      for (const fault of faultsOf(error)) context.emit({ type: "warning", fault });
    }
  };
  let result;
  try {
    result = await work({ ...context, emit });
  } catch (error) {
    await keep(titles.length, false);
    throw error;
  }
  await keep(result.changed, true);
  return result;
}
