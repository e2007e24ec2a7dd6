/** The source that goes through the user's own Maven: jars from the repositories of his settings, made into an archive. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { KctlError } from "../../fault.ts";
import type { ApacheArtifact } from "../../services/desired.ts";
import { assemble } from "../assemble.ts";
import { officialNames } from "../cache.ts";
import { sha512Of } from "../digest.ts";
import { pomOf } from "../pom.ts";
import { findProgram, run } from "../run.ts";
import type { Got, Source, SourceRequest } from "./source.ts";

type Surroundings = Omit<SourceRequest, "artifact">;

const timeoutMs = 15 * 60_000;

/** Maven waits half an hour for a repository that says nothing; older versions read the first, newer ones the others. */
const patience = [
  "-Dmaven.wagon.rto=30000",
  "-Daether.connector.connectTimeout=10000",
  "-Daether.connector.requestTimeout=30000",
];

/** Compiling to fast code would take longer than the work: this halves Maven's time. The user's own options come after. */
function mavenEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, MAVEN_OPTS: `-XX:TieredStopAtLevel=1 ${env["MAVEN_OPTS"] ?? ""}`.trimEnd() };
}

/** Two at once would write to one local repository; and a laptop has the memory of one to spare. */
let last: Promise<unknown> = Promise.resolve();

function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work, work);
  last = next.catch(() => undefined);
  return next;
}

/** Maven's first complaint, without its decoration. */
function complaint(output: string): string {
  const lines = stripVTControlCharacters(output).split("\n");
  const errors = lines.filter((line) => line.includes("[ERROR]")).map((line) => line.replaceAll("[ERROR]", "").trim());
  const first = errors.find((line) => line !== "") ?? lines.find((line) => line.trim() !== "");
  return (first ?? "it failed without a word").replace(/ -> \[Help \d+\]$/, "");
}

const units: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** Counts what Maven says it has downloaded: `Downloaded from central: https://... (1.2 MB at 3 MB/s)`. */
function counter(progress: SourceRequest["progress"]): (line: string) => void {
  let bytes = 0;
  return (line) => {
    const size = /Downloaded from .*\((\d+(?:\.\d+)?) (B|kB|MB|GB) at /.exec(line);
    if (size?.[1] === undefined || size[2] === undefined) return;
    bytes += Number(size[1]) * (units[size[2]] ?? 0);
    progress(Math.round(bytes), null);
  };
}

async function copyJars(mvn: string, folder: string, repository: string | null, request: Surroundings): Promise<void> {
  const args = [
    // A jar that is not what its checksum says is a failure, not a warning.
    "--strict-checksums",
    "--batch-mode",
    "--file",
    join(folder, "pom.xml"),
    ...patience,
    ...(repository === null ? [] : [`-Dmaven.repo.local=${repository}`]),
    "dependency:copy-dependencies",
    "-DincludeScope=runtime",
    `-DoutputDirectory=${join(folder, "jars")}`,
  ];
  const { signal } = request;
  const env = mavenEnv(request.env);
  const onLine = counter(request.progress);
  const ran = await oneAtATime(() => run(mvn, args, { folder, env, signal, timeoutMs, onLine }));
  if (ran.code === 0) return;
  throw new KctlError({ code: "artifact-unavailable", what: complaint(`${ran.stdout}\n${ran.stderr}`) });
}

async function once<T>(
  mvn: string,
  repository: string | null,
  request: Surroundings,
  { pom, use }: { readonly pom: string; readonly use: (folder: string) => Promise<T> },
): Promise<T> {
  const folder = await mkdtemp(join(request.folder, "maven-"));
  try {
    await writeFile(join(folder, "pom.xml"), pom);
    // Maven looks for this folder upwards, and would take up the settings of whatever project the cache lies in.
    await mkdir(join(folder, ".mvn"));
    await copyJars(mvn, folder, repository, request);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof KctlError && error.faults.some((fault) => fault.code === "artifact-damaged");
}

/** The jars of a project's dependencies lie in `jars` of the folder that `use` is given, as long as it takes. */
export async function withJars<T>(pom: string, request: Surroundings, use: (folder: string) => Promise<T>): Promise<T> {
  const mvn = await findProgram("mvn", request.env);
  if (mvn === null) throw new KctlError({ code: "artifact-unavailable", what: "there is no mvn on the PATH" });
  request.progress(0, null);
  try {
    return await once(mvn, null, request, { pom, use });
  } catch (error) {
    if (!isDamage(error)) throw error;
    // A Maven that was killed once can leave half a jar in its local repository, and never looks at it again.
    const repository = join(request.folder, "repository");
    const made = await once(mvn, repository, request, { pom, use });
    await rm(repository, { recursive: true, force: true });
    return made;
  }
}

async function get(request: SourceRequest<ApacheArtifact>): Promise<Got> {
  const { artifact, signal } = request;
  const path = await withJars(pomOf(artifact), request, async (folder) => {
    const archive = join(request.folder, officialNames(artifact).file);
    await assemble(artifact, { jars: join(folder, "jars"), stage: join(folder, "stage"), archive, signal });
    return archive;
  });
  return { path, sha512: await sha512Of(path, signal), source: "maven" };
}

export const mavenSource: Source<ApacheArtifact> = { name: "maven", get };
