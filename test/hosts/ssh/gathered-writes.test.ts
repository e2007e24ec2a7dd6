import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { gatherWrites } from "../../../src/hosts/ssh/gathered-writes.ts";

function recording() {
  const left: string[][] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      left.push([String(chunk)]);
      done();
    },
    writev: (chunks, done) => {
      left.push(chunks.map(({ chunk }) => String(chunk)));
      done();
    },
  });
  return { left, stream: gatherWrites(stream) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("what is written in one turn leaves as one, in order, and what comes later by itself", async () => {
  const { left, stream } = recording();
  for (const piece of ["length", "packet", "tag"]) stream.write(piece);
  expect(left).toEqual([]);
  await turn();
  stream.write("next");
  await turn();
  expect(left).toEqual([["length", "packet", "tag"], ["next"]]);
});

test("nothing is kept back at the end", async () => {
  const { left, stream } = recording();
  stream.write("a");
  stream.write("b");
  stream.end("c");
  await finished(stream);
  expect(left.flat()).toEqual(["a", "b", "c"]);
});
