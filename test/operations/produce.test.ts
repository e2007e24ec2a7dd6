/** What `kctl produce` says where not all that it read is confirmed. */
import { describe, expect, test } from "vitest";
import { faultsOf, KctlError, type Fault } from "../../src/fault.ts";
import { unfinished } from "../../src/operations/produce.ts";

const running = new AbortController().signal;
const reason = new KctlError({ code: "interrupted", what: "interrupted" });
const stopped = AbortSignal.abort(reason);
const late = new KctlError([{ code: "timeout", what: "waited 3 s", fix: "wait" }]);
const more =
  "it does not go on from there: more may be written than is known; see with `kctl consume` what is, and write the rest";

describe("a producer that does not finish says how many records are confirmed", () => {
  test.each<[what: string, error: unknown, signal: AbortSignal, told: readonly Fault[]]>([
    [
      "where something went wrong",
      late,
      running,
      [{ code: "timeout", what: "waited 3 s; 7 records are confirmed", fix: "wait" }],
    ],
    [
      "where it was interrupted",
      reason,
      stopped,
      [{ code: "interrupted", what: "interrupted: 7 records are confirmed", fix: more }],
    ],
    [
      "where a timer was",
      new DOMException("aborted", "AbortError"),
      stopped,
      [{ code: "interrupted", what: "interrupted: 7 records are confirmed", fix: more }],
    ],
    [
      "where something went wrong after that",
      late,
      stopped,
      [
        { code: "interrupted", what: "interrupted: 7 records are confirmed", fix: more },
        { code: "timeout", what: "waited 3 s; 7 records are confirmed", fix: "wait" },
      ],
    ],
  ])("%s", (_, error, signal, told) => {
    expect(faultsOf(unfinished(error, 7, "all", signal))).toEqual(told);
  });

  test.each([
    [0, "all", "no record is confirmed"],
    [1, "leader", "1 record is confirmed"],
    [2, "none", "2 records are sent"],
  ] as const)("%i with acks=%s: %s", (records, acks, what) => {
    expect(faultsOf(unfinished(late, records, acks, running))[0]?.what).toBe(`waited 3 s; ${what}`);
  });

  test("but leaves a fault of kctl's own as it is", () => {
    const error = new TypeError("undefined is no function");
    expect(unfinished(error, 7, "all", running)).toBe(error);
  });
});
