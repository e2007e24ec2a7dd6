/** Whether anybody listens on a port of 127.0.0.1. */
import { createServer } from "node:net";

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Servers that somebody else left running would answer in place of those that a test starts. */
export async function mustBeFree(ports: readonly number[]): Promise<void> {
  const free = await Promise.all(ports.map(isFree));
  const taken = ports.filter((_, index) => free[index] === false);
  if (taken.length > 0) throw new Error(`ports that the test needs are taken: ${taken.join(", ")}`);
}
