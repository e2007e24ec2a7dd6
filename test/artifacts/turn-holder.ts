/** A process of its own that prepares an artifact, for tests that kill it or run it beside another. */
import { prepareArtifact } from "../../src/artifacts/fetch.ts";
import { mirrorSource } from "../../src/artifacts/sources/mirror.ts";

const [cache = "", mirror = "", version = ""] = process.argv.slice(2);
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
      emit: (event) => console.log(JSON.stringify(event)),
      ...(mirror === "" ? {} : { sources: [mirrorSource(mirror)] }),
    },
  );
  console.log(JSON.stringify({ type: "fetched", ...fetched }));
} catch (error) {
  console.log(JSON.stringify({ type: "failed", name: error instanceof Error ? error.name : "", text: String(error) }));
  process.exitCode = 1;
}
