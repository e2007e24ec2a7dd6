/** Writes lines to a stream that the reader may close at any time (`kctl plan | head`): the work goes on all the same. */
import type { WriteLine } from "../report/reporter.ts";

const watched = new WeakSet<NodeJS.WriteStream>();

export function write(stream: NodeJS.WriteStream): WriteLine {
  const text = writeText(stream);
  return (line) => text(`${line}\n`);
}

/** As it is, without an end of line. */
export function writeText(stream: NodeJS.WriteStream): (text: string) => void {
  watch(stream);
  return (text) => {
    stream.write(text);
  };
}

/** Resolves once they are written, to false where nobody reads them any more; rejects where they could not be. */
export function writeBytes(stream: NodeJS.WriteStream): (bytes: Buffer) => Promise<boolean> {
  watch(stream);
  return (bytes) =>
    new Promise((resolve, reject) => {
      if (stream.destroyed) return resolve(false);
      stream.write(bytes, (error?: NodeJS.ErrnoException | null) => {
        if (error === undefined || error === null) return resolve(true);
        if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") return resolve(false);
        reject(error);
      });
    });
}

function watch(stream: NodeJS.WriteStream): void {
  if (watched.has(stream)) return;
  watched.add(stream);
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // What the system does not take (a full disk, a terminal that is gone) is no fault of kctl.
    if (error.syscall === undefined) throw error;
    // A reader that has seen enough is no failure; a result that could not be written is one.
    if (error.code !== "EPIPE" && stream === process.stdout) process.once("exit", () => (process.exitCode ||= 1));
  });
}
