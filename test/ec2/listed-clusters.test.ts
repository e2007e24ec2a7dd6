/** What `kctl list` says of a region, and which clusters are past their end. */
import { describe, expect, test } from "vitest";
import { listedClusters, lockName, type SeenRegion } from "../../src/ec2/listed-clusters.ts";
import { clusterTag, expiresTag, ownerTag, sinceTag } from "../../src/ec2/seen.ts";
import { clustersText } from "../../src/report/clusters-text.ts";
import { group, instance, key, nothingSeen, volume } from "./seen-cloud.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const born = { [ownerTag]: "ann@laptop", [sinceTag]: "2026-06-01T10:00:00Z" };
const ends = (moment: string) => ({ ...born, [expiresTag]: moment });
const list = (over: Partial<SeenRegion>) => listedClusters({ ...nothingSeen, networks: [], ...over }, now);

describe("listed", () => {
  test("machines by state, owner, age, and that it stays", () => {
    const there = [
      instance("a", { tags: born }),
      instance("b", { state: "stopped", tags: born }),
      instance("c", { state: "terminated" }),
    ];
    expect(list({ instances: there, groups: [group(born)], volumes: [volume("a")] })).toEqual([
      {
        cluster: "demo",
        machines: { running: 1, stopped: 1 },
        nodes: ["a", "b"],
        owner: "ann@laptop",
        since: "2026-06-01T10:00:00Z",
        ageSeconds: 7200,
        expires: null,
        leftSeconds: null,
        leftOver: [],
      },
    ]);
  });

  test("each cluster by itself, in the order of their names", () => {
    const other = { ...group(), tags: { [clusterTag]: "another" } };
    expect(list({ instances: [instance("a")], groups: [group(), other] }).map(({ cluster }) => cluster)).toEqual([
      "another",
      "demo",
    ]);
  });

  test.each<[string, Partial<SeenRegion>, readonly string[]]>([
    [
      "a volume that no machine has",
      { instances: [instance("a")], volumes: [volume("b", { attached: null })] },
      ["volume vol-b (10 GiB of b)"],
    ],
    [
      "a lock beside machines",
      { instances: [instance("a")], keys: [key(lockName("demo")), key()] },
      ["lock kctl-lock-demo"],
    ],
    [
      "all that has no machine",
      {
        instances: [instance("a", { state: "shutting-down" })],
        groups: [group()],
        keys: [key()],
        networks: [{ id: "vpc-9", tags: { [clusterTag]: "demo" } }],
        placementGroups: [{ id: "pg-1", name: "kctl-demo", strategy: "spread", tags: { [clusterTag]: "demo" } }],
      },
      ["security group sg-1", "key pair kctl-demo", "placement group kctl-demo", "network vpc-9"],
    ],
  ])("left over: %s", (_, over, leftOver) => {
    expect(list(over)).toMatchObject([{ leftOver }]);
  });

  test("machines that are gone are no cluster", () => {
    expect(list({ instances: [instance("a", { state: "terminated" })] })).toEqual([]);
  });

  test.each<[string, Partial<SeenRegion>, number | null]>([
    ["to come", { instances: [instance("a", { tags: ends("2026-06-01T13:00:00Z") })] }, 3600],
    ["past", { instances: [instance("a", { tags: ends("2026-06-01T11:00:00Z") })] }, -3600],
    ["past, of what is left", { groups: [group(ends("2026-06-01T11:00:00Z"))], keys: [key(lockName("demo"))] }, -3600],
    [
      "none, where a machine is to stay",
      { instances: [instance("a")], groups: [group(ends("2026-06-01T11:00:00Z"))] },
      null,
    ],
    [
      "none, where data was kept",
      { volumes: [volume("a", { attached: null })], groups: [group(ends("2026-06-01T11:00:00Z"))] },
      null,
    ],
  ])("an end %s", (_, over, leftSeconds) => {
    expect(list(over)).toMatchObject([{ leftSeconds }]);
  });
});

test("as a table", () => {
  const clusters = [
    ...list({ instances: [instance("a", { tags: ends("2026-06-01T13:30:00Z") })] }),
    ...list({ groups: [{ ...group(), tags: { [clusterTag]: "old", [expiresTag]: "2026-06-01T11:00:00Z" } }] }),
  ];
  expect(clustersText("eu-central-1", clusters).split("\n")).toEqual([
    "CLUSTER  MACHINES   AGE        OWNER       TIME LEFT            LEFT OVER",
    "demo     1 running  2 h 0 min  ann@laptop  1 h 30 min           -",
    "old      none       ?          ?           ended 1 h 0 min ago  security group sg-1",
  ]);
  expect(clustersText("eu-central-1", [])).toBe("There is no cluster of kctl's in eu-central-1.");
});
