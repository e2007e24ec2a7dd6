/** Cuts a stream of bytes into Kafka's frames: a length of 32 bits, then that many bytes. */
import { malformed } from "./cursor.ts";

/** The largest answer that is taken: metadata of a very large cluster, or a fetch of the size that kctl asks for. */
export const largestFrame = 64 * 1024 * 1024;

/** Feed it chunks; it hands over each frame once it is whole. A length that cannot be Kafka's throws at once. */
export function frameReader(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let wanted: number | null = null;

  const takeFirst = (size: number): Buffer => {
    const all = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    chunks = all.length > size ? [all.subarray(size)] : [];
    bytes -= size;
    return all.subarray(0, size);
  };

  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    for (;;) {
      if (wanted === null) {
        if (bytes < 4) return;
        wanted = takeFirst(4).readInt32BE();
        // An alert of TLS: its type, and a version that begins with 3.
        if (wanted >>> 16 === 0x1503) throw malformed("it speaks TLS there");
        if (wanted < 4 || wanted > largestFrame) throw malformed(`a frame of ${wanted} bytes`);
      }
      if (bytes < wanted) return;
      const frame = takeFirst(wanted);
      wanted = null;
      onFrame(frame);
    }
  };
}
