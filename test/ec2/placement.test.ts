/** Which zone nodes go to, that those which are there stay, and that ensembles are spread. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Role } from "../../src/cluster/cluster.ts";
import { placeNodes, type Placed } from "../../src/ec2/placement.ts";

function group(name: string, count: number, roles: readonly Role[]): readonly Placed[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${name}-${index + 1}`, zone: null, roles }));
}

const both: readonly Role[] = ["zookeeper", "broker"];
const abc = ["a", "b", "c"];

function placed(nodes: readonly Placed[], zones: readonly string[], existing: Readonly<Record<string, string>> = {}) {
  return [...placeNodes(nodes, zones, new Map(Object.entries(existing))).values()].join("");
}

describe("nodes", () => {
  test.each<[string, readonly Placed[], readonly string[], Readonly<Record<string, string>>, string]>([
    ["three in three zones", group("k", 3, both), abc, {}, "abc"],
    ["seven in three", group("k", 7, both), abc, {}, "abcabca"],
    ["three in two", group("k", 3, both), ["a", "b"], {}, "aba"],
    ["three in one", group("k", 3, both), ["a"], {}, "aaa"],
    ["controllers and brokers", [...group("c", 3, ["controller"]), ...group("b", 4, ["broker"])], abc, {}, "abcabca"],
    ["more brokers than keepers", [...group("k", 3, both), ...group("b", 2, ["broker"])], abc, {}, "abcab"],
    ["two of one kind, then of another", [...group("k", 1, both), ...group("b", 1, ["broker"])], abc, {}, "ab"],
    ["those that are there stay", group("k", 4, both), abc, { "k-1": "c", "k-3": "c" }, "cacb"],
    ["also in a zone that is not listed any more", group("k", 3, both), ["a", "b"], { "k-2": "z" }, "azb"],
    ["a zone of its own", [...group("k", 2, both), { name: "x", zone: "a", roles: both }], abc, {}, "bca"],
    ["where it is beats what the spec says now", [{ name: "x", zone: "a", roles: both }], abc, { x: "b" }, "b"],
    ["no zones", group("k", 2, both), [], {}, ""],
    ["a node called like what every object has", group("constructor", 1, both), abc, {}, "a"],
  ])("%s", (_, nodes, zones, existing, wanted) => {
    expect(placed(nodes, zones, existing)).toBe(wanted);
  });

  const roles = fc.constantFrom<readonly Role[]>(["zookeeper"], ["broker"], both);
  const nodesOf = fc
    .array(roles, { minLength: 1, maxLength: 12 })
    .map((each) => each.map((its, index): Placed => ({ name: `n-${index}`, zone: null, roles: its })));

  test("growing moves none of them; each ensemble is spread as evenly as can be", () => {
    fc.assert(
      fc.property(nodesOf, fc.integer({ min: 1, max: 4 }), fc.nat({ max: 12 }), (nodes, count, first) => {
        const zones = ["a", "b", "c", "d"].slice(0, count);
        const before = placeNodes(nodes.slice(0, first), zones, new Map());
        const after = placeNodes(nodes, zones, before);
        for (const [name, zone] of before) expect(after.get(name)).toBe(zone);
        expect([...after.keys()]).toEqual(nodes.map(({ name }) => name));
        const keepers = nodes.filter((node) => node.roles.includes("zookeeper"));
        const counts = zones.map((zone) => keepers.filter(({ name }) => after.get(name) === zone).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
