/** Runs a smoke test as a process of its own, so that it can be killed: arguments are the brokers' ports. */
import { smokeTest } from "../../../src/kafka/smoke-test/smoke-test.ts";

const ports = process.argv.slice(2).map(Number);
await smokeTest({
  bootstrap: ports.map((port) => ({ host: "127.0.0.1", port })),
  brokers: ports.length,
  keep: false,
  emit: (event) => process.stdout.write(`${event.type === "check" ? event.name : event.type}\n`),
  signal: new AbortController().signal,
  timeoutSeconds: 30,
});
