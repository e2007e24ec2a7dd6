/** Asks several brokers the same thing at once, and takes the first good answer. */
import type { Address } from "./address.ts";
import { withBroker, type Ask, type Message } from "./wire/exchange.ts";

/** The first answer that is `good`, else any answer (a broker that just started knows nothing yet), else null. */
export async function askBrokers<Answer>(
  addresses: readonly Address[],
  message: Message<Answer>,
  signal: AbortSignal,
  timeoutMs: number,
  good: (answer: Answer) => boolean,
): Promise<Answer | null> {
  return talkToBrokers(addresses, (ask) => ask(message), signal, timeoutMs, good);
}

/** The same for several requests, one after the other on one connection: what they tell is of one broker. */
export async function talkToBrokers<Answer>(
  addresses: readonly Address[],
  talk: (ask: Ask) => Promise<Answer>,
  signal: AbortSignal,
  timeoutMs: number,
  good: (answer: Answer) => boolean,
): Promise<Answer | null> {
  signal.throwIfAborted();
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  let second: Answer | null = null;
  const asked = addresses.map(async (address) => {
    const answer = await withBroker(address, either, timeoutMs, talk);
    if (good(answer)) return answer;
    second = answer;
    throw new Error("not good enough");
  });
  try {
    return await Promise.any(asked);
  } catch {
    signal.throwIfAborted();
    return second;
  } finally {
    enough.abort();
  }
}
