/** When a cluster ends itself: one moment for all of it, and never one that was made to stay. */
import { describe, expect, test } from "vitest";
import { endOf, wantedEnd } from "../../src/ec2/end.ts";
import { expiresTag, type SeenCloud } from "../../src/ec2/seen.ts";
import { group, instance, key, nothingSeen, volume } from "./seen-cloud.ts";

const noon = "2026-06-01T12:00:00Z";
const one = "2026-06-01T13:00:00Z";
const two = "2026-06-01T14:00:00Z";
const at = (moment: string) => ({ tags: { [expiresTag]: moment } });
const seen = (over: Partial<SeenCloud>): SeenCloud => ({ ...nothingSeen, ...over });

describe("what is there ends", () => {
  test.each<[string, Partial<SeenCloud>, string | null]>([
    ["nothing", {}, null],
    ["at the moment of its machines", { instances: [instance("a", at(one))] }, one],
    ["at the latest of several", { instances: [instance("a", at(one)), instance("b", at(two))] }, two],
    ["not where a machine has no end", { instances: [instance("a", at(one)), instance("b")] }, null],
    ["not where an end is no moment", { instances: [instance("a", at("soon"))] }, null],
    ["not where a volume is to stay", { instances: [instance("a", at(one))], volumes: [volume("a")] }, null],
    [
      "whatever a machine says that has gone",
      { instances: [instance("a", { state: "terminated" })], groups: [group({ [expiresTag]: one })] },
      one,
    ],
    [
      "whatever a volume says that goes",
      { volumes: [volume("a", { state: "deleting" })], keys: [key("k", { [expiresTag]: one })] },
      one,
    ],
    ["as a group that is left says", { groups: [group({ [expiresTag]: one })], keys: [key()] }, one],
  ])("%s", (_, over, wanted) => {
    const { at: moment } = endOf(seen(over));
    expect(moment === null ? null : new Date(moment).toISOString().replace(".000Z", "Z")).toBe(wanted);
  });
});

describe("wanted", () => {
  const end = (over: Partial<SeenCloud>, ttl: number | null = 7200, now = noon) =>
    wantedEnd("demo", seen(over), { ttl, now: Date.parse(now), fresh: ttl === null ? null : two });

  test.each<[string, Partial<SeenCloud>, number | null, string | null]>([
    ["a new one: from now on", {}, 7200, two],
    ["a new one without a ttl", {}, null, null],
    [
      "as it was begun by a run that was cut off just now",
      { groups: [group({ [expiresTag]: "2026-06-01T13:55:00Z" })] },
      7200,
      "2026-06-01T13:55:00Z",
    ],
    ["from now on, where that was an hour ago", { groups: [group({ [expiresTag]: one })] }, 7200, two],
    ["also where the ttl is not said again", { groups: [group({ [expiresTag]: one })] }, null, one],
    [
      "what an earlier one left does not count",
      { groups: [group({ [expiresTag]: "2026-06-01T11:00:00Z" })] },
      7200,
      two,
    ],
    ["nor without a ttl", { groups: [group({ [expiresTag]: "2026-06-01T11:00:00Z" })] }, null, null],
    ["one that is there keeps its own", { instances: [instance("a", at(one))] }, 7200, one],
    ["also where the ttl has left the spec", { instances: [instance("a", at(one))] }, null, one],
    ["one that was made to stay", { instances: [instance("a")] }, null, null],
  ])("%s", (_, over, ttl, expires) => {
    expect(end(over, ttl)).toEqual({ expires, refusals: [], obstacles: [] });
  });

  test.each<[string, Partial<SeenCloud>]>([
    ["a cluster that was made without one", { instances: [instance("a")] }],
    ["data that was kept", { volumes: [volume("a", { attached: null })] }],
  ])("a ttl is refused for %s, and the rest is done", (_, over) => {
    expect(end(over)).toMatchObject({ expires: null, refusals: [{ code: "no-ttl", where: "ttl" }], obstacles: [] });
  });

  test("while it is ending, nothing is done to it", () => {
    const its = end({ instances: [instance("a", at(one))] }, null, one);
    expect(its).toMatchObject({ expires: one, refusals: [], obstacles: [{ code: "machine-lost" }] });
  });
});
