/** Which refusals of a new topic leave open whether it was made. */
import { expect, test } from "vitest";
import { mayHaveWorked } from "../../../src/kafka/smoke-test/make-topic.ts";

test.each<[readonly string[], boolean]>([
  [[], true],
  [["REQUEST_TIMED_OUT"], true],
  [["NOT_CONTROLLER"], false],
  [["INVALID_REPLICA_ASSIGNMENT"], false],
])("%j: %j", (errors, open) => {
  expect(mayHaveWorked(errors)).toBe(open);
});
