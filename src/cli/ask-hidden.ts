/** Asks for a secret on the terminal: nothing of what is typed is shown. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

export async function askHidden(
  question: string,
  signal: AbortSignal,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  // As a terminal, readline takes the echo upon itself, and here it goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  terminal.on("SIGINT", () => process.emit("SIGINT"));
  output.write(question);
  try {
    return await terminal.question("", { signal });
  } finally {
    output.write("\n");
    terminal.close();
  }
}
