/** A TCP server on loopback that says what a test wants it to say. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { frameReader } from "../../../src/kafka/wire/frames.ts";

export type FakeServer = { readonly host: string; readonly port: number; close(): Promise<void> };

export async function fakeServer(onConnection: (socket: Socket) => void): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    host: "127.0.0.1",
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers every request (as a frame: API key first, correlation id at byte 4) with a body. */
export function answering(body: (request: Buffer) => Buffer): (socket: Socket) => void {
  return (socket) => {
    const read = frameReader((request) => {
      const answer = Buffer.concat([request.subarray(4, 8), body(request)]);
      const size = Buffer.alloc(4);
      size.writeInt32BE(answer.length);
      socket.write(Buffer.concat([size, answer]));
    });
    socket.on("data", read);
  };
}
