/** The tests of somebody's project, for the recipes of CI: a record goes to Kafka and comes back, and a JUnit report says so. */
import { writeFile } from "node:fs/promises";
import { Admin, Consumer, Producer } from "@platformatic/kafka";

const bootstrapBrokers = (process.env["KAFKA_BOOTSTRAP_SERVERS"] ?? "").split(",");
const options = { clientId: "project", bootstrapBrokers };
const sent = `order ${process.pid}`;

const admin = new Admin(options);
await admin.createTopics({ topics: ["orders"], partitions: 1, replicas: 1 });
await admin.close();

const producer = new Producer(options);
await producer.send({ messages: [{ topic: "orders", value: Buffer.from(sent) }], acks: -1 });
await producer.close();

const consumer = new Consumer({ ...options, groupId: "project" });
const stream = await consumer.consume({ topics: ["orders"], mode: "earliest" });
/** @type {Buffer[]} */
const got = [];
for await (const { value } of stream) {
  got.push(value);
  break;
}
await consumer.close(true);

const ok = got.join() === sent && process.env["PROJECT_IS_BROKEN"] === undefined;
await writeFile(
  "junit.xml",
  `<testsuite name="orders" tests="1" failures="${ok ? 0 : 1}"><testcase name="${sent}">${ok ? "" : "<failure/>"}</testcase></testsuite>\n`,
);
process.exitCode = ok ? 0 : 1;
