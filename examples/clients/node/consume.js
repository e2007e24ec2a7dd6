// Reads a topic as a member of a group, commits what was processed, and leaves the group on SIGINT and SIGTERM: node consume.js TOPIC
import { Consumer } from "@platformatic/kafka";
import { consumer as settings, reading } from "./kafka-settings.js";

const consumer = new Consumer(settings);
const stream = await consumer.consume({ topics: [process.argv[2]], ...reading });
const stop = () => void stream.close();
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
try {
  for await (const { partition, offset, key, value, commit } of stream) {
    console.log(`partition ${partition} offset ${offset} key ${key ?? null} value ${value}`);
    // After it was processed: a crash before this line repeats a record, and loses none.
    await commit();
  }
} finally {
  // Leaves the group at once; without it the others would wait until the session times out.
  await consumer.close(true);
}
console.log("left the group");
