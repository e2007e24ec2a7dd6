/** What is written to a socket in one turn of the event loop leaves as one: ssh2 writes each packet in three pieces. */
import type { Writable } from "node:stream";

/** Without it, and without delay, a packet costs three calls of the system here and three packets of TCP on the way. */
export function gatherWrites<S extends Writable>(socket: S): S {
  const write = socket.write.bind(socket) as (...words: readonly unknown[]) => boolean;
  let gathering = false;
  socket.write = (...words: readonly unknown[]): boolean => {
    if (!gathering) {
      gathering = true;
      socket.cork();
      process.nextTick(() => {
        gathering = false;
        socket.uncork();
      });
    }
    return write(...words);
  };
  return socket;
}
