/** What workers say, without the secrets that they were given. */
import { describe, expect, test } from "vitest";
import { KctlError } from "../../../src/fault.ts";
import type { Workers } from "../../../src/kafka/connectors.ts";
import { discreet, hiderOf } from "../../../src/operations/connectors/hide-secrets.ts";
import { mustBeValid } from "../../../src/operations/connectors/validate.ts";

describe("a text", () => {
  test.each([
    ["none", [], "s3cret", "s3cret"],
    ["what means something in a pattern", ["a.b*$&"], "a.b*$& is not axb$&", "(hidden) is not axb$&"],
    ["one that another begins with", ["pass", "password"], "password pass", "(hidden) (hidden)"],
    ["one that the word itself has", ["hid", "x"], "x hid", "(hidden) (hidden)"],
    [
      "one with blanks around it, which Connect takes off",
      [" s3cret\n"],
      "Invalid value s3cret",
      "Invalid value (hidden)",
    ],
    ["an empty one", ["", " "], "a b", "a b"],
  ])("with %s", (_, secrets, text, shown) => {
    expect(hiderOf(secrets)(text)).toBe(shown);
  });
});

test("settings that are not taken, traces and refusals are told without them; references stay", async () => {
  const task = { id: 0, state: "FAILED", worker: "w:1", trace: "no login as s3cret" };
  const refusal = new KctlError({ code: "connect-refused", what: "HTTP 400: s3cret", detail: "s3cret", fix: "see" });
  const workers: Workers = {
    all: async () => [
      {
        name: "a",
        type: "sink",
        config: { p: "${kctl:/s3cret}" },
        state: "FAILED",
        worker: "w:1",
        trace: "s3cret",
        tasks: [task],
      },
    ],
    classes: async () => ["A"],
    validate: async () => [{ setting: "p", why: "Invalid value s3cret for configuration p" }],
    put: () => Promise.reject(refusal),
    act: async () => true,
  };
  const quiet = discreet(workers, hiderOf(["s3cret"]));
  await expect(mustBeValid([{ name: "a", config: { "connector.class": "A" } }], quiet)).rejects.toMatchObject({
    faults: [{ what: "connector a does not take its settings: p: Invalid value (hidden) for configuration p" }],
  });
  expect(await quiet.all()).toMatchObject([
    { config: { p: "${kctl:/s3cret}" }, trace: "(hidden)", tasks: [{ trace: "no login as (hidden)" }] },
  ]);
  await expect(quiet.put("a", {})).rejects.toMatchObject({
    faults: [{ code: "connect-refused", what: "HTTP 400: (hidden)", detail: "(hidden)", fix: "see" }],
  });
});
