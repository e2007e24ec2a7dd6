/** Starts one service as kctl would, when told to by a line on standard input, and says so. Arguments: ROOT, the service as JSON. */
import { once } from "node:events";
import { localHosts } from "../../../src/hosts/local/local-host.ts";
import type { DesiredProcess } from "../../../src/services/desired.ts";

const [root = "", service = "{}", after = "end"] = process.argv.slice(2);
const [host] = localHosts(["kafka-1"], root);
process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdin.destroy();
await host?.start(JSON.parse(service) as DesiredProcess);
process.stdout.write("started\n");
if (after === "stay") setInterval(() => undefined, 1e6);
