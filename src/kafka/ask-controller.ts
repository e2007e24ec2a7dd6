/** Asks the one that decides: with ZooKeeper the broker that is the controller, in KRaft any broker, which hands it on. */
import { addressText, unmapped, type Address, type AddressMap } from "./address.ts";
import { askBrokers } from "./ask-brokers.ts";
import { until } from "./until.ts";
import { withBroker, type Message } from "./wire/exchange.ts";
import { metadata } from "./wire/metadata.ts";

const notController = 41;

export type ControllerOptions = {
  readonly bootstrap: readonly Address[];
  /** From what brokers advertise to what can be reached from here. */
  readonly map?: AddressMap;
  readonly signal: AbortSignal;
  /** For one request, and for the wait for a controller. */
  readonly timeoutMs: number;
};

/**
 * A controller that is just being elected is waited for, and one that says it is none (any more) is asked who is; then it has
 * done nothing. What else fails is thrown and not tried again, since it may have been done.
 */
export async function askController<Answer>(
  { bootstrap, map = unmapped, signal, timeoutMs }: ControllerOptions,
  message: Message<Answer>,
  errorsIn: (answer: Answer) => readonly number[],
): Promise<Answer> {
  const isController = ({ controllerId }: { readonly controllerId: number }): boolean => controllerId >= 0;
  return until("the cluster's controller", timeoutMs / 1000, signal, async () => {
    const seen = await askBrokers(bootstrap, metadata([]), signal, timeoutMs, isController);
    if (seen === null) return { still: "no broker answers" };
    const controller = seen.brokers.find(({ id }) => id === seen.controllerId);
    if (controller === undefined) return { still: "the brokers know of none" };
    const address = map(controller.host, controller.port);
    const answer = await withBroker(address, signal, timeoutMs, (ask) => ask(message));
    return errorsIn(answer).includes(notController)
      ? { still: `${addressText(address)} says it is not` }
      : { done: answer };
  });
}
