// Writes records to a topic in four ways: node produce.js TOPIC [keyed|keyless|callback|partitioner] [COUNT]
import { compatibilityPartitioner, Producer } from "@platformatic/kafka";
import { producer as settings } from "./kafka-settings.js";

const [topic, how = "keyed", count = "10"] = process.argv.slice(2);

/** Keys that begin with "vip-" have partition 0 for themselves; others share the rest by their hash. */
function vipFirst(message, key, { metadata }) {
  const { partitionsCount } = metadata.topics.get(message.topic);
  if (partitionsCount === 1 || message.key?.startsWith("vip-")) return 0;
  return 1 + (compatibilityPartitioner(message, key) % (partitionsCount - 1));
}

const ways = {
  // The same key always goes to the same partition, so its records stay in order.
  keyed: (number) => ({ key: `customer-${number % 3}` }),
  keyless: () => ({}),
  callback: (number) => ({ key: `customer-${number % 3}` }),
  partitioner: (number) => ({ key: number % 2 === 0 ? "vip-1" : `customer-${number}` }),
};

/** Does not wait for one record before it sends the next. */
function withCallback(message) {
  return new Promise((resolve, reject) => {
    producer.send({ messages: [message] }, (error, confirmed) => {
      if (error) return reject(error);
      for (const { partition, offset } of confirmed.offsets) console.log(`partition ${partition} offset ${offset}`);
      resolve();
    });
  });
}

const keyOf = ways[how];
if (keyOf === undefined) throw new Error(`no such way: ${how}`);
const producer = new Producer(how === "partitioner" ? { ...settings, partitioner: vipFirst } : settings);
try {
  await producer.metadata({ topics: [topic] });
  const messages = Array.from({ length: Number(count) }, (_, number) => ({
    topic,
    value: `${how} ${number}`,
    ...keyOf(number),
  }));
  if (how === "callback") await Promise.all(messages.map(withCallback));
  else await producer.send({ messages });
} finally {
  await producer.close();
}
