/** Whether a KRaft controller serves: it answers, and knows who leads the quorum. */
import { describeCluster } from "./wire/describe-cluster.ts";
import { withBroker } from "./wire/exchange.ts";

/** The active controller's id, as this controller knows it; null where there is none, or where nobody answers. */
export async function activeController(
  address: string,
  port: number,
  signal: AbortSignal,
  timeoutMs = 2000,
): Promise<number | null> {
  try {
    const { error, controllerId } = await withBroker({ host: address, port }, signal, timeoutMs, (ask) =>
      ask(describeCluster(1, "controllers")),
    );
    return error === 0 && controllerId >= 0 ? controllerId : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

export async function controllerServes(address: string, port: number, signal: AbortSignal): Promise<boolean> {
  return (await activeController(address, port, signal)) !== null;
}
