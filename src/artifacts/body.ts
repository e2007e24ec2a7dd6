/** The body of an answer, kept from its first byte on: what has come before a connection is cut is handed out, not lost. */
import type { IncomingMessage } from "node:http";

/** So much may wait for a slow disk before the sender has to. */
const mostWaiting = 4 * 1024 ** 2;

/** Starts to read at once. Throws what cut it short, but only after all that had come. */
export function bodyOf(answer: IncomingMessage): AsyncGenerator<Buffer, void> {
  const waiting: Buffer[] = [];
  let bytes = 0;
  let over = false;
  let failure: Error | null = null;
  let wake = (): void => undefined;
  answer.on("data", (chunk: Buffer) => {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes > mostWaiting) answer.pause();
    wake();
  });
  answer.once("error", (error) => {
    failure = error;
    wake();
  });
  answer.once("close", () => {
    over = true;
    wake();
  });

  async function* chunks(): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
          bytes -= chunk.length;
          yield chunk;
        }
        if (failure !== null) throw failure;
        if (over) return;
        answer.resume();
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      answer.destroy();
    }
  }
  return chunks();
}
