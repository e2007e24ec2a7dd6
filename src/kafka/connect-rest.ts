/** The REST API of Kafka Connect, asked as everything is: straight, or through a tunnel where one was laid to its machine. */
import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Address } from "./address.ts";
import { dial } from "./dial.ts";

export type RestQuestion = {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
};

export type RestAnswer = { readonly status: number; /** undefined where it has none. */ readonly body: unknown };

/** Throws where nobody answers in time. */
export async function askWorker(
  { host, port }: Address,
  { method, path, body }: RestQuestion,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<RestAnswer> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const sent = body === undefined ? null : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => dial({ host, port }),
      host,
      port,
      method,
      path,
      headers: {
        accept: "application/json",
        connection: "close",
        ...(sent === null
          ? {}
          : { "content-type": "application/json", "content-length": String(Buffer.byteLength(sent)) }),
      },
      signal: late,
    });
    asked.once("error", reject);
    asked.once("response", (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: parsed(said) }), reject);
    });
    asked.end(sent ?? undefined);
  });
}

/** A page of HTML, such as one in the way answers with, is taken as text. */
function parsed(said: string): unknown {
  if (said === "") return undefined;
  try {
    return JSON.parse(said) as unknown;
  } catch {
    return said;
  }
}

/** For polling: a worker tells its connectors once it has read its topics and is in the group. Throws only when aborted. */
export async function workerServes(
  { address, port }: { readonly address: string; readonly port: number },
  signal: AbortSignal,
  timeoutMs = 2000,
): Promise<boolean> {
  try {
    const { status } = await askWorker(
      { host: address, port },
      { method: "GET", path: "/connectors" },
      signal,
      timeoutMs,
    );
    return status === 200;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
