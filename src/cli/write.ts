/** Writes lines to a stream that the reader may close at any time (`kctl plan | head`): the work goes on all the same. */
import type { WriteLine } from "../report/reporter.ts";

const watched = new WeakSet<NodeJS.WriteStream>();

export function write(stream: NodeJS.WriteStream): WriteLine {
  if (!watched.has(stream)) {
    watched.add(stream);
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "ENOSPC") throw error;
    });
  }
  return (line) => {
    stream.write(`${line}\n`);
  };
}
