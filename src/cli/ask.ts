/** Asks a question on the terminal. */
import { createInterface } from "node:readline/promises";

export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads, the terminal hands Ctrl-C to readline and not to the process.
  terminal.on("SIGINT", () => process.emit("SIGINT"));
  try {
    return await terminal.question(question, { signal });
  } finally {
    terminal.close();
  }
}
