/** Options of machines, from the spec to what is wanted and changed: placement, protection, root disks, and what an end forbids. */
import { describe, expect, test } from "vitest";
import { cloudChanges } from "../../src/ec2/cloud-changes.ts";
import type { End } from "../../src/ec2/end.ts";
import { dataDevice, expiresTag, idsTag, imageTag, protectedTag, type SeenCloud } from "../../src/ec2/seen.ts";
import { wantCloud, type AwsSpec } from "../../src/ec2/want-cloud.ts";
import { clusterWith, specWith } from "./cluster.ts";
import { instance, nothingSeen, volume } from "./seen-cloud.ts";

const stays: End = { expires: null, refusals: [], obstacles: [] };
const ends: End = { ...stays, expires: "2026-06-01T12:00:00Z" };

function wanted(provider: object = {}, node: object = {}, { seen = nothingSeen, end = stays } = {}) {
  const over = {
    provider: { type: "aws", region: "eu-central-1", ...provider },
    nodes: [{ group: "k", count: 3, roles: ["zookeeper", "broker"], instanceType: ["m7g.large"], ...node }],
  };
  const spec = specWith(over);
  return wantCloud({
    spec,
    provider: spec.provider as AwsSpec,
    cluster: clusterWith(over),
    seen,
    zones: null,
    sshFrom: [],
    end,
  });
}

function plan(provider: object, seen: SeenCloud, end: End = stays, node: object = {}) {
  const { changes, refusals } = cloudChanges(wanted(provider, node, { seen, end }), seen, true);
  return {
    titles: changes.map(({ title }) => title),
    keys: changes.map(({ key }) => key),
    refusals: refusals.map(({ what }) => what),
  };
}

const there = (tags: Readonly<Record<string, string>> = {}, over: object = {}): SeenCloud => ({
  ...nothingSeen,
  instances: ["k-1", "k-2", "k-3"].map((node, index) =>
    instance(node, {
      ...over,
      tags: { [idsTag]: `broker=${index + 1},zookeeper=${index + 1}`, [imageTag]: "debian-12", ...tags },
    }),
  ),
});

describe("machines", () => {
  test("their own disk: 16 GiB, or as the spec has it", () => {
    expect(wanted().machines.map(({ rootGiB }) => rootGiB)).toEqual([16, 16, 16]);
    expect(wanted({}, { rootSize: "32GiB" }).machines[0]?.rootGiB).toBe(32);
  });

  test("partitions in turn, where the group has some", () => {
    const partitions = (placement: string, count: number) =>
      wanted({ placement }, { count }).machines.map(({ partition }) => partition);
    expect(partitions("partition", 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 1]);
    expect(partitions("spread", 1)).toEqual([null]);
  });

  test("a cluster that ends takes its machines along", () => {
    expect(wanted({}, {}, { end: ends }).machines.every(({ ends: its }) => its)).toBe(true);
  });
});

describe("a placement group", () => {
  const made = (strategy: string) => ({
    ...there(),
    placementGroups: [{ id: "pg-1", name: "kctl-demo", strategy, tags: {} }],
  });

  test("comes before the machines", () => {
    const { changes } = cloudChanges(wanted({ placement: "spread" }), nothingSeen, true);
    expect(changes.find(({ key }) => key === "placement group")?.title).toContain(
      "create the placement group kctl-demo",
    );
    const launch = changes.find(({ key }) => key === "instance k-1");
    expect(launch?.after).toContainEqual({ key: "placement group", until: "done" });
  });

  test("that is there is kept; of another kind it is refused", () => {
    expect(plan({ placement: "spread" }, made("spread")).keys).not.toContain("placement group");
    expect(plan({ placement: "partition" }, made("spread")).refusals).toEqual([
      "the placement group kctl-demo is one of the kind spread, and stays so",
    ]);
  });
});

describe("protection", () => {
  test.each<[string, boolean, SeenCloud, readonly string[]]>([
    ["on", true, there({}, { protected: false }), ["protection k-1", "protection k-2", "protection k-3"]],
    ["on already", true, there({}, { protected: true }), []],
    [
      "taken off by hand",
      true,
      there({ [protectedTag]: "true" }, { protected: false }),
      ["protection k-1", "protection k-2", "protection k-3"],
    ],
    [
      "off again, by kctl's own tag",
      false,
      there({ [protectedTag]: "true" }),
      ["protection k-1", "protection k-2", "protection k-3"],
    ],
    ["never on", false, there(), []],
  ])("%s", (_, terminationProtection, seen, keys) => {
    expect(plan({ terminationProtection }, seen).keys.filter((key) => key.startsWith("protection"))).toEqual(keys);
  });
});

describe("a cluster that ends", () => {
  const expires = { [expiresTag]: "2026-06-01T12:00:00Z" };

  test("says so before its machines are launched, and not again", () => {
    const note = "demo ends itself at 2026-06-01T12:00:00Z, data included; `kctl extend` moves that";
    expect(plan({}, nothingSeen, ends).titles).toContain(note);
    expect(plan({}, there(expires), ends).titles).not.toContain(note);
  });

  test("has no machine replaced: the data would go with it", () => {
    const seen: SeenCloud = {
      ...there(expires, { volumes: [{ id: "vol-k-1", device: dataDevice }] }),
      volumes: [volume("k-1", { tags: expires })],
    };
    const other = { instanceType: ["m7g.xlarge"], volume: { size: "10GiB" } };
    const { keys, refusals } = plan({}, seen, ends, other);
    expect(keys.filter((key) => key.startsWith("replace"))).toEqual([]);
    expect(refusals[0]).toBe(
      "another machine for k-1 would have none of its data: in a cluster with a ttl the data volume goes with its machine",
    );
  });

  test("what was made without one keeps its machines, and the refusal is told", () => {
    const refusal = { code: "no-ttl", what: "made without" } as const;
    expect(plan({}, there(), { ...stays, refusals: [refusal] })).toMatchObject({ refusals: ["made without"] });
  });
});
