/** A process of its own that prepares an artifact, for tests that kill it or run it beside another. */
import { prepareArtifact } from "../../src/artifacts/fetch.ts";
import { mirrorSource } from "../../src/artifacts/sources/mirror.ts";

const [cache = "", mirror = "", version = ""] = process.argv.slice(2);
const tell = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());

try {
  const fetched = await prepareArtifact(
    { name: "kafka", version },
    {
      cache,
      mirror: null,
      env: process.env,
      signal: controller.signal,
      emit: (event) => tell(event),
      ...(mirror === "" ? {} : { sources: [mirrorSource(mirror)] }),
    },
  );
  tell({ type: "fetched", ...fetched });
} catch (error) {
  tell({ type: "failed", name: error instanceof Error ? error.name : "", text: String(error) });
  process.exitCode = 1;
}
