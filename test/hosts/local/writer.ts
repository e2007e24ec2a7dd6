/** Writes one file again and again, with one content and another, until it is killed. Arguments: ROOT, the file. */
import { localHosts } from "../../../src/hosts/local/local-host.ts";

const [root = "", path = ""] = process.argv.slice(2);
const [host] = localHosts(["kafka-1"], root);
for (let round = 0; ; round += 1) {
  await host?.writeFile({ path, mode: 0o640, content: (round % 2 === 0 ? "a" : "b").repeat(300_000), member: null });
  if (round === 1) process.stdout.write("writing\n");
}
