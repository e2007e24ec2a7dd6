/** Which tags are changed on what is there, and which are left. */
import { describe, expect, test } from "vitest";
import { lockName } from "../../src/ec2/listed-clusters.ts";
import { expiresTag, type SeenCloud } from "../../src/ec2/seen.ts";
import { tagDifferences } from "../../src/ec2/tag-differences.ts";
import { group, instance, key, nothingSeen, volume } from "./seen-cloud.ts";

const noon = "2026-06-01T12:00:00Z";
type Tags = Readonly<Record<string, string>>;

describe("tags", () => {
  test.each<[string, Tags, string | null, Partial<SeenCloud>, readonly string[]]>([
    ["as they are wanted", { team: "a" }, null, { instances: [instance("k", { tags: { team: "a" } })] }, []],
    [
      "another value, on a machine and its interfaces",
      { team: "b" },
      null,
      { instances: [instance("k", { interfaces: ["eni-1"], tags: { team: "a" } })] },
      ["i-k,eni-1 +team=b"],
    ],
    [
      "a new one, on all",
      { team: "a" },
      null,
      {
        volumes: [volume("k")],
        groups: [group()],
        keys: [key()],
        placementGroups: [{ id: "pg-1", name: "kctl-demo", strategy: "spread", tags: {} }],
      },
      ["vol-k +team=a", "sg-1 +team=a", "key-kctl-demo +team=a", "pg-1 +team=a"],
    ],
    [
      "what others tagged, or the spec no longer has, stays",
      {},
      null,
      { groups: [group({ team: "a", "aws:x": "y" })] },
      [],
    ],
    [
      "not on the lock, nor on what is gone",
      { team: "a" },
      null,
      { keys: [key(lockName("demo"))], instances: [instance("k", { state: "terminated" })] },
      [],
    ],
    ["not on what has no id yet", { team: "a" }, null, { keys: [{ id: "", name: "kctl-demo", tags: {} }] }, []],
    [
      "the end of the cluster, on what has another or none",
      {},
      noon,
      { groups: [group({ [expiresTag]: "x" })], keys: [key()] },
      [`sg-1 +${expiresTag}=${noon}`, `key-kctl-demo +${expiresTag}=${noon}`],
    ],
    ["an end that is no more", {}, null, { groups: [group({ [expiresTag]: noon })] }, [`sg-1 -${expiresTag}`]],
  ])("%s", (_, tags, expires, over, wanted) => {
    const end = { expires, refusals: [], obstacles: [] };
    const found = tagDifferences({ cluster: "demo", tags, end }, { ...nothingSeen, ...over });
    const lines = found.map(({ ids, set, unset }) =>
      [
        ids.join(","),
        ...Object.entries(set).map(([name, value]) => `+${name}=${value}`),
        ...unset.map((name) => `-${name}`),
      ].join(" "),
    );
    expect(lines).toEqual(wanted);
  });
});
