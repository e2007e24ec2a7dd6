/** A broker on loopback that leads the partitions of the topic `t`, of which there is one; what is asked of them, the test answers. */
import { compose } from "../../../src/kafka/wire/compose.ts";
import { frameReader } from "../../../src/kafka/wire/frames.ts";
import { fakeServer, type FakeServer } from "./fake-server.ts";

const metadataKey = 3;
/** API key, version, correlation id and the client's name, "kctl". */
const headBytes = 14;

/**
 * @param answer of a request by its API key; null cuts the connection, undefined leaves it unanswered
 * @param leaders of each partition, at the moment: 1 is this broker, -1 none
 */
export async function oneBroker(
  answer: (apiKey: number, body: Buffer) => Buffer | null | undefined,
  leaders: readonly number[] = [1],
): Promise<FakeServer> {
  const at = { port: 0 };
  const server = await fakeServer((socket) => {
    const read = frameReader((frame) => {
      const apiKey = frame.readInt16BE(0);
      const body = apiKey === metadataKey ? metadata(at.port, leaders) : answer(apiKey, frame.subarray(headBytes));
      if (body === null) return void socket.destroy();
      if (body === undefined) return;
      const whole = Buffer.concat([frame.subarray(4, 8), body]);
      const size = Buffer.alloc(4);
      size.writeInt32BE(whole.length);
      socket.write(Buffer.concat([size, whole]));
    });
    socket.on("data", read);
  });
  at.port = server.port;
  return server;
}

/** Version 10, with the end of its header. */
function metadata(port: number, leaders: readonly number[]): Buffer {
  return compose()
    .noTags()
    .int32(0)
    .compactArray([1], (id, part) => {
      part.int32(id).compactString("127.0.0.1").int32(port).compactString(null).noTags();
    })
    .compactString("c")
    .int32(1)
    .compactArray(["t"], (name, part) => {
      part.int16(0).compactString(name).uuid(null).boolean(false);
      part.compactArray([...leaders.entries()], ([partition, leader], inner) => {
        inner.int16(0).int32(partition).int32(leader).int32(0);
        for (let list = 0; list < 3; list += 1) inner.compactArray<number>([], () => undefined);
        inner.noTags();
      });
      part.int32(0).noTags();
    })
    .int32(0)
    .noTags()
    .done();
}
