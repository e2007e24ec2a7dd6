/** What a machine is given beside what its servers are: to the byte, with owners and modes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import { resolveCluster } from "../../src/cluster/resolve.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { desiredState } from "../../src/services/desired-state.ts";
import { softwareOn } from "../../src/services/machine.ts";
import { templateNames, type ServiceContext } from "../../src/services/service.ts";
import { specSchema } from "../../src/spec/schema.ts";

const addresses = { "kafka-1": "10.77.0.11", "kafka-2": "10.77.0.12", "kafka-3": "10.77.0.13" };

test.each([
  ["ssh-3.9.1-zookeeper", "3.9.1", ["zookeeper", "broker"], { version: "3.8.4" }],
  ["ssh-4.3.1-kraft", "4.3.1", ["controller", "broker"], undefined],
])("%s", async (name, version, roles, zookeeper) => {
  const spec = specSchema.parse({
    name: "staging",
    provider: { type: "ssh", user: "root" },
    kafka: { version, clients: { advertise: "name" } },
    ...(zookeeper === undefined ? {} : { zookeeper }),
    sysctl: { "net.core.somaxconn": "4096" },
    nodes: Object.entries(addresses).map(([node, address]) => ({ name: node, address, roles })),
  });
  const platform = sshPlatform("staging", addresses);
  const { machine } = platform;
  if (machine === null) throw new Error("ssh sets machines up");
  const texts = await Promise.all(
    templateNames.map(async (one) => [one, await readFile(join(import.meta.dirname, "../../templates", one), "utf8")]),
  );
  const cluster = resolveCluster(spec, platform, noKnownIds);
  const { hosts } = desiredState({
    cluster,
    platform,
    java: `${machine.cluster}/java/bin/java`,
    software: (artifact) => (artifact.name === "java" ? "" : softwareOn(machine, artifact)),
    classArchive: () => null,
    templates: Object.fromEntries(texts) as ServiceContext["templates"],
    identity: { clusterId: "AAAAAAAAAAAAAAAAAAAAAQ", directoryIds: {} },
  });
  const [host] = hosts;
  const way = ({ mode, owner }: { mode: number; owner?: { user: string; group: string } }): string =>
    `${mode.toString(8)} ${owner?.user ?? "-"}:${owner?.group ?? "-"}`;
  const { units, software, java, sysctl } = host?.machine ?? {};
  const text = [
    ...(host?.folders ?? []).map((folder) => `folder ${folder.path} ${way(folder)}\n`),
    `${JSON.stringify({ units, software, java, sysctl }, null, 2)}\n`,
    ...(host?.processes ?? []).map(
      ({ key, argv, console: at, log }) => `${JSON.stringify({ key, argv, console: at, log }, null, 2)}\n`,
    ),
    ...(host?.files ?? []).map((file) => `\n==> ${file.path} ${way(file)}\n${file.content}`),
  ].join("");
  await expect(text).toMatchFileSnapshot(`../golden/${name}.txt`);
});
