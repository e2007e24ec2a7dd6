import { resolve } from "node:path";
import { expect, test } from "vitest";
import { archivePath, cacheFolder, softwareFolder } from "../../src/artifacts/cache.ts";

test.each([
  [{ KCTL_CACHE: "/c" }, "linux", "/c"],
  [{ KCTL_CACHE: "/c", XDG_CACHE_HOME: "/x" }, "darwin", "/c"],
  [{ KCTL_CACHE: "relative" }, "linux", resolve("relative")],
  [{ KCTL_CACHE: "" }, "linux", "/home/u/.cache/kctl"],
  [{ XDG_CACHE_HOME: "/x" }, "linux", "/x/kctl"],
  [{ XDG_CACHE_HOME: "not/absolute" }, "linux", "/home/u/.cache/kctl"],
  [{ XDG_CACHE_HOME: "/x" }, "darwin", "/home/u/Library/Caches/kctl"],
  [{}, "linux", "/home/u/.cache/kctl"],
] as const)("the cache for %j on %s is %s", (env, platform, folder) => {
  expect(cacheFolder(env, platform, "/home/u")).toBe(folder);
});

test("archives and software have Apache's names", () => {
  expect(archivePath("/c", { name: "kafka", version: "3.9.1" })).toBe("/c/archives/kafka_2.13-3.9.1.tgz");
  expect(softwareFolder("/c", { name: "kafka", version: "3.9.1" })).toBe("/c/software/kafka_2.13-3.9.1");
  expect(archivePath("/c", { name: "zookeeper", version: "3.8.4" })).toBe(
    "/c/archives/apache-zookeeper-3.8.4-bin.tar.gz",
  );
  expect(softwareFolder("/c", { name: "zookeeper", version: "3.8.4" })).toBe("/c/software/apache-zookeeper-3.8.4-bin");
});
