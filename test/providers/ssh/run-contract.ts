/** Carries out the contract's cases on machines that only a process in their network reaches; tells of each in a line of JSON. */
import { homedir } from "node:os";
import { openProvider } from "../../../src/providers/open-provider.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { loadSpec } from "../../../src/spec/load.ts";
import type { Subject } from "../contract.ts";
import { tellCases } from "../tell-cases.ts";

const specText = (addresses: Readonly<Record<string, string>>, user: string): string => `name: demo
provider: { type: ssh, user: ${user} }
kafka: { version: 3.9.1 }
nodes:
${Object.entries(addresses)
  .map(([name, address]) => `  - { name: ${name}, address: ${address}, roles: [zookeeper, broker] }`)
  .join("\n")}
`;

const endings: (() => void)[] = [];

async function open(addresses: Readonly<Record<string, string>>, user: string): Promise<Provider> {
  const loaded = loadSpec(specText(addresses, user), { file: "kctl.yaml", env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return openProvider(loaded.spec, process.cwd(), {
    env: process.env,
    home: homedir(),
    emit: () => undefined,
    signal: new AbortController().signal,
    timeoutSeconds: 10,
    askSecret: null,
    atEnd: (what) => void endings.push(what),
  });
}

async function main([user = "root"]: readonly string[]): Promise<void> {
  const addresses = { "kafka-1": "10.77.0.11", "kafka-2": "10.77.0.12" };
  const subject: Subject = {
    cluster: "demo",
    nodes: ["kafka-1", "kafka-2"],
    open: () => open(addresses, user),
    openFirst: () => open({ "kafka-1": addresses["kafka-1"] }, user),
    openAway: () => open({ "kafka-1": "10.77.0.99" }, user),
  };
  await tellCases(subject, endings);
}

await main(process.argv.slice(2));
