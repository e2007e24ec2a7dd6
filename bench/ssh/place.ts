/** What the tools are given: one spec for kctl, and for the others the files that kctl renders from it, so that all make the same servers. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Ended, Lab } from "../../test/lab/lab.ts";

export type Archive = {
  readonly url: string;
  readonly sha512: string;
  readonly sha256: string;
};

export type Place = {
  readonly folder: string;
  /** kctl's command line, and its environment. */
  readonly kctl: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly kafka: Archive;
  readonly zookeeper: Archive;
};

type File = { readonly node: string; readonly path: string; readonly content: string };

export const hosts = ["kafka-1", "kafka-2", "kafka-3"] as const;
export const addresses = ["10.77.0.11", "10.77.0.12", "10.77.0.13"] as const;

const mirror = "http://10.77.0.1:8080";

const spec = `name: bench
provider: { type: ssh, user: root }
artifacts: { mirror: "${mirror}" }
kafka: { version: 3.9.1 }
zookeeper: { version: 3.8.4 }
nodes:
${hosts.map((name, index) => `  - { name: ${name}, address: ${addresses[index] ?? ""}, heap: 512MiB, roles: [zookeeper, broker] }`).join("\n")}
`;

/** One that brokers read when they start. */
const changedSpec = spec.replace("version: 3.9.1", "version: 3.9.1, config: { queued.max.requests: 400 }");

export async function must(ended: Promise<Ended>, what: string): Promise<string> {
  const { status, stdout, stderr } = await ended;
  if (status !== 0) throw new Error(`${what} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

async function digest(algorithm: "sha256" | "sha512", path: string): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function archive(folder: string, name: string): Promise<Archive> {
  const path = join(folder, name);
  return { url: `${mirror}/${name}`, sha512: await digest("sha512", path), sha256: await digest("sha256", path) };
}

/** Configuration that may come to hold secrets is not for everybody. */
const modeOf = (path: string): number =>
  /^(etc|var\/lib)\/kctl\/bench\/(zookeeper|broker)\//u.test(path) ? 0o640 : 0o644;

async function render(
  it: Lab,
  { kctl, env, folder }: Pick<Place, "kctl" | "env" | "folder">,
  into: string,
): Promise<void> {
  const out = await must(it.run([...kctl, "render", "--json"], { cwd: folder, env }), "kctl render");
  const { files } = JSON.parse(out.trim().split("\n").at(-1) ?? "") as { readonly files: readonly File[] };
  for (const { node, path, content } of files) {
    const file = join(folder, into, node, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode: modeOf(path) });
  }
}

/** The spec of the next `up`, and the broker's file that it becomes. */
export async function giveSetting({ folder }: Place, which: "before" | "after"): Promise<void> {
  await writeFile(join(folder, "kctl.yaml"), which === "after" ? changedSpec : spec);
  for (const node of hosts) {
    const path = "etc/kctl/bench/broker/server.properties";
    await cp(join(folder, which, node, path), join(folder, "files", node, path));
  }
}

/** @param archives a folder of kctl's cache that holds what Maven had; the mirror serves it, and so everybody has it from there */
export async function makePlace(it: Lab, folder: string, program: string, archives: string): Promise<Place> {
  it.mirror.serve(archives);
  const kctl = [process.execPath, program];
  const env = { ...process.env, LANG: "C.UTF-8", KCTL_CACHE: join(folder, "cache") };
  const base = { folder, kctl, env };
  await writeFile(join(folder, "kctl.yaml"), changedSpec);
  await render(it, base, "after");
  await writeFile(join(folder, "kctl.yaml"), spec);
  await render(it, base, "before");
  await cp(join(folder, "before"), join(folder, "files"), { recursive: true, preserveTimestamps: true });
  await must(it.run([...kctl, "fetch"], { cwd: folder, env }), "kctl fetch");
  const cached = await readFile(join(folder, "cache/archives/kafka_2.13-3.9.1.tgz.source"), "utf8");
  if (!cached.startsWith(mirror)) throw new Error(`the archive is from ${cached}`);
  const [kafka, zookeeper] = await Promise.all([
    archive(archives, "kafka_2.13-3.9.1.tgz"),
    archive(archives, "apache-zookeeper-3.8.4-bin.tar.gz"),
  ]);
  return { ...base, kafka, zookeeper };
}
