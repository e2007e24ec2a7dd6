/** The connections of a producer to the brokers: opened when first used, and anew after one was lost. */
import type { Address } from "../address.ts";
import { addressText } from "../address.ts";
import { apiVersions } from "../wire/api-versions.ts";
import type { Message } from "../wire/exchange.ts";
import { openLink, type Link } from "./link.ts";
import type { TopicAt } from "./topic-at.ts";

export type BrokerLinks = {
  readonly ask: <Answer>(broker: number, message: Message<Answer>) => Promise<Answer>;
  /** Where the brokers are by now. */
  readonly moved: (seen: TopicAt) => void;
  /** Resolves once each broker has read all that was sent to it; throws where a connection broke before. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export function brokerLinks(at: TopicAt, signal: AbortSignal, requestMs: number): BrokerLinks {
  const addresses = new Map<number, Address>();
  const links = new Map<string, Promise<Link>>();
  const moved = ({ leaders }: TopicAt): void => {
    for (const { id, at } of leaders.values()) addresses.set(id, at);
  };
  moved(at);
  return {
    moved,
    ask: async (broker, message) => {
      const address = addresses.get(broker);
      if (address === undefined) throw new RangeError(`nobody told where broker ${broker} is`);
      const key = addressText(address);
      const link = links.get(key) ?? openLink(address, signal, requestMs);
      links.set(key, link);
      try {
        return await (await link).ask(message);
      } catch (error) {
        if (links.get(key) === link) links.delete(key);
        void link.then(
          ({ close }) => close(),
          () => undefined,
        );
        throw error;
      }
    },
    settle: async () => {
      // A broker answers in the order in which it was asked, and closes the connection on what it refuses unasked.
      await Promise.all([...links.values()].map(async (link) => (await link).ask(apiVersions(3))));
    },
    close: async () => {
      await Promise.allSettled([...links.values()].map(async (link) => (await link).close()));
      links.clear();
    },
  };
}
