/** A connection to a broker that is used for as long as it holds, and given up as a whole once anything on it fails. */
import type { Address } from "../address.ts";
import type { Ask } from "../wire/exchange.ts";
import { withStandingBroker } from "../wire/standing.ts";

export type Link = {
  readonly ask: Ask;
  readonly close: () => Promise<void>;
};

/** Returns at once: what is asked waits until the connection is there. */
export async function openLink(address: Address, signal: AbortSignal, requestMs: number): Promise<Link> {
  const closing = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<Ask>();
  const over = withStandingBroker(address, signal, requestMs, async (ask) => {
    opened.resolve(ask);
    await closing.promise;
  }).catch(opened.reject);
  const close = async (): Promise<void> => {
    closing.resolve();
    await over;
  };
  return { ask: await opened.promise, close };
}
