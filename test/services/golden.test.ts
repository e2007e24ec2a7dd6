import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import type { Platform } from "../../src/cluster/platform.ts";
import { resolveCluster } from "../../src/cluster/resolve.ts";
import { desiredState } from "../../src/services/desired-state.ts";
import { templateNames, type ServiceContext } from "../../src/services/service.ts";
import { specSchema } from "../../src/spec/schema.ts";

const platform: Platform = {
  provider: "local",
  root: "/kctl/demo",
  folders: {
    config: "/kctl/demo/{node}/{role}/config",
    data: "/kctl/demo/{node}/{role}/data",
    log: "/kctl/demo/{node}/{role}/log",
    run: "/kctl/demo/{node}/{role}/run",
  },
  sharedAddress: "127.0.0.1",
  portShift: 0,
  portStep: 10,
  profile: "laptop",
};

let templates: ServiceContext["templates"];
beforeAll(async () => {
  const folder = join(import.meta.dirname, "../../templates");
  const texts = await Promise.all(
    templateNames.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const),
  );
  templates = Object.fromEntries(texts) as ServiceContext["templates"];
});

const both = ["zookeeper", "broker"];
const cases: Readonly<Record<string, { readonly spec: object; readonly profile?: Platform["profile"] }>> = {
  "3.7.2-one-node": { spec: { kafka: { version: "3.7.2" }, nodes: [{ name: "solo", roles: both }] } },
  "3.8.1-three-nodes": { spec: { kafka: { version: "3.8.1" }, nodes: [{ group: "kafka", count: 3, roles: both }] } },
  "3.9.1-five-nodes": { spec: { kafka: { version: "3.9.1" }, nodes: [{ group: "kafka", count: 5, roles: both }] } },
  "3.9.1-own-zookeeper": {
    spec: {
      kafka: { version: "3.9.1" },
      zookeeper: { version: "3.8.4", config: { tickTime: "500" } },
      nodes: [
        { name: "zk", roles: ["zookeeper"] },
        { name: "b", roles: ["broker"] },
      ],
    },
  },
  "3.9.1-settings": {
    spec: {
      kafka: {
        version: "3.9.1",
        heap: "2GiB",
        jvm: ["-Dx=a b"],
        config: { "min.insync.replicas": "2", "log.dir.prefix": "C:\\x" },
        clients: { port: 19092 },
      },
      nodes: [{ group: "kafka", count: 3, roles: both, rack: "r=1" }],
    },
    profile: "server",
  },
};

describe.each(Object.entries(cases))("what %s renders", (name, { spec, profile }) => {
  test("every file and command, to the byte", async () => {
    const parsed = specSchema.parse({ name: "demo", provider: { type: "local" }, ...spec });
    const at = { ...platform, profile: profile ?? platform.profile };
    const cluster = resolveCluster(parsed, at, noKnownIds);
    const desired = desiredState({
      cluster,
      platform: at,
      java: "/java/bin/java",
      software: (artifact) => `/cache/${artifact.name}-${artifact.version}`,
      templates,
      identity: {
        clusterId: "CLUSTER-ID",
        directoryIds: { "c-1/controller": "DIR-1", "c-2/controller": "DIR-2", "c-3/controller": "DIR-3" },
      },
    });
    const text = desired.hosts.flatMap(({ files, processes }) => [
      ...files.map(({ path, mode, content }) => `==> ${path} (${mode.toString(8)}) <==\n${content}`),
      ...processes.map(
        ({ key, argv }) => `==> ${key}: command <==\n${argv.join("\n").replace(/inputs=[0-9a-f]{24}/, "inputs=…")}\n`,
      ),
    ]);
    await expect(text.join("\n")).toMatchFileSnapshot(join(import.meta.dirname, `../golden/${name}.txt`));
  });
});
