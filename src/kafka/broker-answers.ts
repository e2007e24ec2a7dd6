/** Whether one broker really serves: it answers Kafka's protocol, knows the cluster's brokers, and is the broker meant. */
import { withBroker, type Ask } from "./wire/exchange.ts";
import { describeConfigs } from "./wire/describe-configs.ts";
import { metadata } from "./wire/metadata.ts";

/** Kafka's INVALID_REQUEST: a broker was asked for the settings of another one. */
const invalidRequest = 42;

/** For polling: false for whatever is not (yet) this broker, at the latest after `timeoutMs`; throws only when aborted. */
export async function brokerAnswers(
  address: string,
  port: number,
  brokerId: number,
  signal: AbortSignal,
  timeoutMs = 2000,
): Promise<boolean> {
  try {
    return await withBroker({ host: address, port }, signal, timeoutMs, async (ask) => {
      const [{ brokers }, who] = await Promise.all([ask(metadata([])), whoAnswers(ask, brokerId)]);
      return who === "itself" && brokers.some(({ id }) => id === brokerId);
    });
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/**
 * Metadata does not say who gives it, so two brokers with each other's address would look fine. A broker tells its settings
 * only under its own id: that is asked. Where it may not be asked (no permission) its word is taken.
 */
export async function whoAnswers(ask: Ask, brokerId: number): Promise<"itself" | { readonly other: number | null }> {
  const { error, errorMessage } = await ask(describeConfigs("broker", String(brokerId), ["broker.id"]));
  if (error !== invalidRequest) return "itself";
  const other = /expected (\d+)/.exec(errorMessage ?? "")?.[1];
  return { other: other === undefined ? null : Number(other) };
}
