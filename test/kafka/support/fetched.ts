/** What a broker made up for a test is asked in Fetch, and answers. */
import { batchBuilder, bufferPool, headerBytes, noProducer } from "../../../src/kafka/records/batch-builder.ts";
import { compose } from "../../../src/kafka/wire/compose.ts";
import { cursor } from "../../../src/kafka/wire/cursor.ts";

/** Of one record. */
export function batchAt(offset: number): Buffer {
  const form = { limit: 1000, target: 1000, compression: "none", headers: headerBytes([]) } as const;
  const builder = batchBuilder(form, bufferPool());
  builder.append(null, Buffer.from("x"), 0, 1, 0);
  const { bytes } = builder.finish(noProducer, -1);
  bytes.writeBigInt64BE(BigInt(offset));
  return bytes;
}

type Answered = { readonly partition?: number; readonly error?: number; readonly records?: Buffer | null };

export function fetchAnswer(...answers: readonly Answered[]): Buffer {
  return compose()
    .int32(0)
    .int16(0)
    .int32(0)
    .array(["t"], (name, part) => {
      part.string(name).array(answers, ({ partition = 0, error = 0, records = null }) => {
        part.int32(partition).int16(error).int64(9n).int64(9n).int64(0n);
        part.array<number>([], () => undefined);
        part.int32(-1).bytes(records);
      });
    })
    .done();
}

type Position = { readonly partition: number; readonly offset: number };

export function positionsIn(body: Buffer): readonly Position[] {
  const request = cursor(body);
  for (let skipped = 0; skipped < 4; skipped += 1) request.int32();
  request.int8();
  request.int32();
  request.int32();
  return request
    .array(() => {
      request.string();
      return request.array((): Position => {
        const partition = request.int32();
        request.int32();
        const offset = Number(request.int64());
        request.int64();
        request.int32();
        return { partition, offset };
      });
    })
    .flat();
}
