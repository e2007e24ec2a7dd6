/** A passphrase is read, and shown nowhere. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { askHidden } from "../../src/cli/ask-hidden.ts";

test("what is typed is the answer, and is not shown", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const answer = askHidden("Passphrase for id: ", new AbortController().signal, input, output);
  input.write("sesamx\u007Fe\r");
  expect(await answer).toBe("sesame");
  expect(String(output.read())).toBe("Passphrase for id: \n");
});

test("an interruption ends the question", async () => {
  const stop = new AbortController();
  const answer = askHidden("Passphrase: ", stop.signal, new PassThrough(), new PassThrough());
  stop.abort();
  await expect(answer).rejects.toThrow("aborted");
});
