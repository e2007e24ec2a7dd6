/** Burrow's HTTP API, asked as everything is: straight, or through a tunnel where one was laid to its machine. */
import { askWorker } from "./connect-rest.ts";

/** For polling: it is ready once it has begun to read what each of its clusters tells. Throws only when aborted. */
export async function burrowServes(
  { address, port }: { readonly address: string; readonly port: number },
  signal: AbortSignal,
  timeoutMs = 2000,
): Promise<boolean> {
  try {
    const question = { method: "GET", path: "/burrow/admin/ready" } as const;
    const { status } = await askWorker({ host: address, port }, question, signal, timeoutMs);
    return status === 200;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
