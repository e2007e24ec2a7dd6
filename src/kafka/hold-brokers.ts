/** Connections to several brokers: each is opened when it is first asked, and all are closed at the end. */
import { addressText, type Address } from "./address.ts";
import { withBroker, type Ask, type Message } from "./wire/exchange.ts";

export type AskAt = <Answer>(address: Address, message: Message<Answer>) => Promise<Answer>;

type Held = { readonly ask: Promise<Ask>; readonly ended: Promise<void> };

/** @param timeoutMs for each connection as a whole: a broker that is silent for so long is not asked again */
export async function holdBrokers<Result>(
  signal: AbortSignal,
  timeoutMs: number,
  use: (askAt: AskAt) => Promise<Result>,
): Promise<Result> {
  const over = Promise.withResolvers<void>();
  // A broker that has not let us in by then is waited for no longer.
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  const held = new Map<string, Held>();
  const holdOf = (address: Address): Held => {
    const key = addressText(address);
    const known = held.get(key) ?? open(address);
    held.set(key, known);
    return known;
  };
  const open = (address: Address): Held => {
    const ready = Promise.withResolvers<Ask>();
    const ended = withBroker(address, either, timeoutMs, async (ask) => {
      ready.resolve(ask);
      await over.promise;
    });
    ended.catch(ready.reject);
    return { ask: ready.promise, ended };
  };
  try {
    return await use(async (address, message) => (await holdOf(address).ask)(message));
  } finally {
    over.resolve();
    enough.abort();
    await Promise.allSettled([...held.values()].map(({ ended }) => ended));
  }
}
