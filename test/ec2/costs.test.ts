/** What machines cost, and that an unknown price is said to be one. */
import { describe, expect, test } from "vitest";
import { costs, costsText, type Priced, type Volume } from "../../src/ec2/costs.ts";

const gp3: Volume = { type: "gp3", sizeGiB: 200, iops: null, throughput: null };
const machine = (node: string, volume: Volume | null = gp3): Priced => ({ node, instanceType: "m7g.large", volume });
const three = ["k-1", "k-2", "k-3"].map((node) => machine(node));

describe("costs", () => {
  test.each<[string, readonly Priced[], Record<string, number>, number | null, readonly string[]]>([
    ["instances and volumes", three, { "m7g.large": 0.1, gp3: 0.1 }, 3 * (0.1 * 730 + 20), []],
    ["no volumes", [machine("a", null)], { "m7g.large": 0.1 }, 73, []],
    [
      "what is on top of gp3's own",
      [machine("a", { ...gp3, iops: 4000, throughput: 225 })],
      { "m7g.large": 0.1, gp3: 0.1, "gp3-iops": 0.005, "gp3-throughput": 0.04 },
      73 + 20 + 5 + 4,
      [],
    ],
    [
      "no more than gp3's own",
      [machine("a", { ...gp3, iops: 3000, throughput: 125 })],
      { "m7g.large": 0.1, gp3: 0.1 },
      93,
      [],
    ],
    [
      "io2, whose IOPS all cost",
      [machine("a", { ...gp3, type: "io2", iops: 1000 })],
      { "m7g.large": 0.1, io2: 0.1, "io2-iops": 0.065 },
      73 + 20 + 65,
      [],
    ],
    ["a price that is missing", three, { "m7g.large": 0.1 }, null, ["gp3"]],
    ["all that are missing", [machine("a", { ...gp3, iops: 4000 })], {}, null, ["gp3", "gp3-iops", "m7g.large"]],
    ["nothing", [], {}, 0, []],
  ])("%s", (_, machines, prices, month, unknown) => {
    const result = costs(machines, prices);
    expect(result.unknown).toEqual(unknown);
    if (month === null) expect([result.month, result.hour]).toEqual([null, null]);
    else {
      expect(result.month).toBeCloseTo(month, 8);
      expect(result.hour).toBeCloseTo(month / 730, 8);
    }
  });

  test("by node", () => {
    expect(costs([machine("a"), machine("b", null)], { "m7g.large": 0.1 }).nodes).toEqual([
      { node: "a", instanceHour: 0.1, volumeMonth: null },
      { node: "b", instanceHour: 0.1, volumeMonth: 0 },
    ]);
  });

  test.each<[Record<string, number>, string | null]>([
    [
      { "m7g.large": 0.1, gp3: 0.1 },
      "about 0.38 USD an hour, 279.00 USD a month of 730 h (instances and data volumes; the machines' own disks, addresses and traffic come on top)",
    ],
    [{ gp3: 0.1 }, "costs unknown: `provider.prices` has no price of m7g.large"],
    [{}, null],
  ])("with the prices %j: %s", (prices, text) => {
    expect(costsText(costs(three, prices), prices)).toBe(text);
  });
});
