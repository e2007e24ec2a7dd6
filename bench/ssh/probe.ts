/**
 * Sees from outside which brokers answer; run inside the lab's network beside every tool alike. A line of JSON whenever that changes:
 * how many answer, and the most and the fewest so far since all did. Usage: probe.ts ADDRESS...; port 9092. Ends with its standard input.
 */
import { connect } from "node:net";

/** ApiVersions, version 0, correlation id 1, no client id. */
const request = Buffer.from("0000000a0012000000000001ffff", "hex");
const addresses = process.argv.slice(2);
const up = new Set<string>();
let all = false;
let fewest = addresses.length;

/** @returns whether it tells which requests it takes */
function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 9092, timeout: 3000, noDelay: true });
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => socket.write(request));
    socket.once("data", () => end(true));
    for (const event of ["error", "close", "timeout"] as const) socket.once(event, () => end(false));
  });
}

function tell(): void {
  all ||= up.size === addresses.length;
  if (all) fewest = Math.min(fewest, up.size);
  process.stdout.write(`${JSON.stringify({ up: up.size, fewest })}\n`);
}

async function watch(host: string): Promise<void> {
  for (;;) {
    const before = up.has(host);
    const now = await answers(host);
    if (now) up.add(host);
    else up.delete(host);
    if (now !== before) tell();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

process.stdin.resume().once("close", () => process.exit());
for (const host of addresses) void watch(host);
