/** Which of Temurin's builds runs on this machine. */
import { z } from "zod";
import type { JavaArtifact } from "../services/desired.ts";

export type JavaPlatform = Pick<JavaArtifact, "os" | "architecture">;

/** Null where kctl fetches none. */
export function javaPlatform(platform: NodeJS.Platform, arch: string, musl: boolean): JavaPlatform | null {
  const architecture = arch === "x64" ? "x64" : arch === "arm64" ? "aarch64" : null;
  if (architecture === null) return null;
  if (platform === "darwin") return { os: "mac", architecture };
  if (platform === "linux") return { os: musl ? "alpine-linux" : "linux", architecture };
  return null;
}

const report = z.object({ header: z.object({ glibcVersionRuntime: z.string().optional() }) });

/** Whether this Node, and with it the system, has another C library than glibc. */
function hasMusl(): boolean {
  // Otherwise it asks the name server for the name of each address that it is connected to.
  Object.assign(process.report, { excludeNetwork: true });
  const { data } = report.safeParse(process.report.getReport());
  return data !== undefined && data.header.glibcVersionRuntime === undefined;
}

export function javaPlatformHere(platform: NodeJS.Platform): JavaPlatform | null {
  return javaPlatform(platform, process.arch, platform === "linux" && hasMusl());
}
