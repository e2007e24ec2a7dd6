/** What stop and destroy look for: what the receipt has, whatever the spec says by now. */
import { expect, test } from "vitest";
import { recordedCluster } from "../../src/operations/recorded-cluster.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { specSchema } from "../../src/spec/schema.ts";
import { platform, world } from "../plan/support/world.ts";

const nodes = [{ group: "n", count: 1, roles: ["zookeeper", "broker"] }];

test("a Burrow that is out of the spec is known by its folder, as it was when it was started", async () => {
  const withBurrow = {
    nodes: [...nodes, { name: "w", roles: ["burrow"] }],
    burrow: { version: "1.9.5", archive: "/b.tar.gz", sha512: "0a".repeat(64) },
  };
  const former = world(withBurrow);
  const spec = specSchema.parse({
    name: "demo",
    provider: { type: "local" },
    kafka: { version: "3.9.1" },
    nodes,
  });
  const provider: Partial<Provider> = { platform, fleet: null, takeIn: () => Promise.resolve() };
  const { cluster, desired } = await recordedCluster(spec, provider as Provider, former.receipt.next);
  expect(cluster.members.map(({ key }) => key)).toEqual(["n-1/zookeeper", "n-1/broker", "w/burrow"]);
  const markOf = (hosts: typeof desired.hosts): string | undefined =>
    hosts.flatMap(({ processes }) => processes).find(({ key }) => key === "w/burrow")?.mark;
  expect(markOf(desired.hosts)).toBe("--config-dir=/k/w/burrow/config");
  expect(markOf(desired.hosts)).toBe(markOf(former.desired.hosts));
});
