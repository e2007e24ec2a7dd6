/** Launches machines in the lab's EC2, and carries out the contract's cases on them; tells of each in a line of JSON. */
import { homedir } from "node:os";
import { noKnownIds } from "../../../src/cluster/known-ids.ts";
import { resolveCluster } from "../../../src/cluster/resolve.ts";
import { execute } from "../../../src/operations/execute.ts";
import { openProvider } from "../../../src/providers/open-provider.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { loadSpec } from "../../../src/spec/load.ts";
import type { Spec } from "../../../src/spec/schema.ts";
import type { Subject } from "../contract.ts";
import { tellCases } from "../tell-cases.ts";

function specOf(count: number, via = "public"): Spec {
  const text = `name: demo
provider: { type: aws, region: eu-central-1, access: { ssh: [203.0.113.0/24], via: "${via}" } }
kafka: { version: 3.9.1 }
nodes: [{ group: kafka, count: ${count}, roles: [zookeeper, broker], instanceType: m7g.large }]
`;
  const loaded = loadSpec(text, { file: "kctl.yaml", env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.spec;
}

const endings: (() => void)[] = [];
const { signal } = new AbortController();

async function open(spec: Spec, timeoutSeconds = 10): Promise<Provider> {
  return openProvider(spec, process.cwd(), {
    env: process.env,
    home: homedir(),
    emit: () => undefined,
    signal,
    timeoutSeconds,
    askSecret: null,
    atEnd: (what) => void endings.push(what),
  });
}

async function launch(spec: Spec): Promise<void> {
  const provider = await open(spec, 300);
  const { fleet } = provider;
  if (fleet === null) throw new Error("machines in EC2 are a fleet");
  const lock = await provider.lock("contract");
  const cluster = resolveCluster(spec, provider.platform, noKnownIds);
  const changes = fleet.plan(cluster).changes.filter(({ kind }) => kind === "cloud");
  const { faults } = await execute(
    changes,
    async (change, begun) => {
      if (change.kind === "cloud")
        await fleet.carryOut(change, cluster, { begun, waiting: () => undefined, prefetch: [] });
    },
    { concurrency: 8, emit: () => undefined, signal },
  );
  await lock.release();
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
}

async function main(): Promise<void> {
  const both = specOf(2);
  await launch(both);
  const subject: Subject = {
    cluster: "demo",
    nodes: ["kafka-1", "kafka-2"],
    open: () => open(both),
    openFirst: () => open(specOf(1)),
    knownByTags: true,
    openAway: () => open(specOf(2, "admin@203.0.113.99")),
  };
  await tellCases(subject, endings);
}

await main();
