/** What the tests of fetched Javas share: a JRE small enough to make, whose `java` hands over to a real one. */
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { create } from "tar";
import { officialNames } from "../../src/artifacts/cache.ts";
import { javaPlatformHere } from "../../src/artifacts/java-platform.ts";
import { findJava, type Java } from "../../src/artifacts/java.ts";
import type { JavaArtifact } from "../../src/services/desired.ts";
import { sha512, temporary, type Archive } from "./support.ts";

export const realJava = async (): Promise<Java> =>
  await findJava(
    { home: null, version: null },
    { minimum: 11, maximum: null, recommended: 17 },
    { env: process.env, platform: process.platform, signal: new AbortController().signal },
  );

export function javaHere(version: number | string): JavaArtifact {
  const platform = javaPlatformHere(process.platform);
  if (platform === null) throw new Error(`there is no Temurin for ${process.platform} on ${process.arch}`);
  return { name: "java", version: String(version), ...platform };
}

/** Says that it is of another version, and is the real one otherwise. */
export const pretending = (executable: string, version: string): string => `#!/bin/sh
case " $* " in
  *" -version "*) "${executable}" "$@" 2>&1 | sed 's/java\\.version = .*/java.version = ${version}/' >&2 ;;
  *) exec "${executable}" "$@" ;;
esac
`;

export const handingOver = (executable: string): string => `#!/bin/sh\nexec "${executable}" "$@"\n`;

export type Jre = Archive & { readonly sha256: string };

/** `home` is where the Java lies in the archive. */
export async function jreOf(
  artifact: JavaArtifact,
  script: string,
  home = `jdk-${artifact.version}.0.9+9-jre`,
): Promise<Jre> {
  const folder = await temporary();
  const top = home.split("/")[0] ?? home;
  const put = async (name: string, content: string | Buffer): Promise<void> => {
    await mkdir(dirname(join(folder, home, name)), { recursive: true });
    await writeFile(join(folder, home, name), content);
  };
  await put("bin/java", script);
  await chmod(join(folder, home, "bin/java"), 0o755);
  await put("release", `JAVA_VERSION="${artifact.version}.0.9"\n`);
  // Bytes that do not compress, so that there is something to cut.
  await put(
    "lib/modules",
    Buffer.from(Array.from({ length: 30_000 }, (_, n) => sha512(Buffer.from(`${n}`))[0]).join("")),
  );
  await put("lib/server/libjvm.so", "the virtual machine");
  await put("legal/java.base/LICENSE", "the licence");
  await mkdir(join(folder, home, "legal/java.sql"));
  await symlink("../java.base/LICENSE", join(folder, home, "legal/java.sql/LICENSE"));
  const { file } = officialNames(artifact);
  await create({ file: join(folder, file), cwd: folder, gzip: { level: 0 } }, [top]);
  const bytes = await readFile(join(folder, file));
  return { bytes, file, sha512: sha512(bytes), sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** What Adoptium's API answers, as far as it is documented and read; `link` is where the archive lies. */
export const assetsOf = ({ version, os, architecture }: JavaArtifact, link: string, checksum: string) => [
  {
    binary: {
      architecture,
      heap_size: "normal",
      image_type: "jre",
      jvm_impl: "hotspot",
      os,
      package: { checksum, link, name: `OpenJDK${version}U-jre.tar.gz`, size: 1 },
      project: "jdk",
    },
    release_name: `jdk-${version}.0.9+9`,
    vendor: "eclipse",
    version: { build: 9, major: Number(version), minor: 0, security: 9, semver: `${version}.0.9+9` },
  },
];
