/** Ports of 127.0.0.1 that nobody listens on. */
import { createServer } from "node:net";

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

let last = 0;

/** One that nobody is given by the system meanwhile, nor a test of another file: each worker has its own. */
export async function freePort(): Promise<number> {
  for (;;) {
    last += 1;
    const port = 21_000 + 500 * Number(process.env["VITEST_POOL_ID"]) + last;
    if (await isFree(port)) return port;
  }
}

/** Servers that somebody else left running would answer in place of those that a test starts. */
export async function mustBeFree(ports: readonly number[]): Promise<void> {
  const free = await Promise.all(ports.map(isFree));
  const taken = ports.filter((_, index) => free[index] === false);
  if (taken.length > 0) throw new Error(`ports that the test needs are taken: ${taken.join(", ")}`);
}
