/**
 * `node scripts/class-lists.ts`: brings up clusters of each minor version of Kafka on this machine, lets their JVMs say which classes they
 * load, and writes those to templates/class-lists/: what the archives of loaded classes are made from.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, softwareFolder } from "../src/artifacts/cache.ts";
import { kafkaMinors, type Mode } from "../src/spec/versions.ts";

const root = join(import.meta.dirname, "..");
const versions = process.argv.slice(2);
const cache = cacheFolder(process.env, process.platform, process.env["HOME"] ?? "/");

const nodes = { zookeeper: "zookeeper, broker", kraft: "controller, broker" } as const;

function spec(version: string, mode: Mode, lists: string): string {
  const jvm = `[${JSON.stringify(`-XX:DumpLoadedClassList=${lists}/%p.txt`)}]`;
  const keeper = mode === "kraft" ? "controller" : "zookeeper";
  return `name: classes
provider: { type: local, port: 26092 }
kafka: { version: ${version}, jvm: ${jvm} }
${keeper}: { jvm: ${jvm} }
nodes:
  - { group: kafka, count: 3, roles: [${nodes[mode]}] }
`;
}

/** The tool that formats storage runs as a process of its own. */
function formatOnce(version: string, folder: string, lists: string): void {
  const config = join(folder, "format.properties");
  const settings = [
    "process.roles=controller",
    "node.id=1",
    "controller.listener.names=CONTROLLER",
    "listeners=CONTROLLER://127.0.0.1:26093",
    "controller.quorum.bootstrap.servers=127.0.0.1:26093",
    `log.dirs=${folder}/formatted`,
  ];
  writeFileSync(config, `${settings.join("\n")}\n`);
  const libs = `${softwareFolder(cache, { name: "kafka", version })}/libs/*`;
  const format = ["format", "--cluster-id", "AAAAAAAAAAAAAAAAAAAAAQ", "--standalone", "--config", config];
  const java = [`-XX:DumpLoadedClassList=${lists}/format.txt`, "-cp", libs, "kafka.tools.StorageTool"];
  execFileSync("java", [...java, ...format], { stdio: "ignore" });
}

function classesOf(version: string, mode: Mode): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "kctl-classes-"));
  const lists = join(folder, "lists");
  mkdirSync(lists);
  writeFileSync(join(folder, "kctl.yaml"), spec(version, mode, lists));
  const kctl = (...args: readonly string[]): void => {
    execFileSync(process.execPath, [join(root, "bin/kctl.js"), ...args], { cwd: folder, stdio: ["ignore", 2, 2] });
  };
  try {
    kctl("up", "--smoke-test");
    // The lists are whole once their JVMs have ended.
    kctl("stop");
    if (mode === "kraft") formatOnce(version, folder, lists);
    return readdirSync(lists).flatMap((file) => namesIn(readFileSync(join(lists, file), "utf8")));
  } finally {
    kctl("destroy", "--yes");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Without comments and what the JVM notes for itself, and without classes that are made while it runs. */
function namesIn(list: string): readonly string[] {
  const names = list.split("\n").map((line) => line.split(" ", 1)[0] ?? "");
  return names.filter(
    (name) => /^[\w$/-]+$/.test(name) && !/\$\$Lambda|LambdaForm\$|\/0x|\$\$Proxy|Accessor\d/.test(name),
  );
}

for (const mode of ["zookeeper", "kraft"] as const) {
  const minors = kafkaMinors.filter(({ modes }) => modes.includes(mode));
  const chosen = minors.map(
    ({ minor, patches }) => versions.find((one) => one.startsWith(`${minor}.`)) ?? patches.at(-1) ?? minor,
  );
  const names = new Set(chosen.flatMap((version) => classesOf(version, mode)));
  writeFileSync(join(root, `templates/class-lists/${mode}.txt`), `${[...names].toSorted().join("\n")}\n`);
  console.log(`${mode}: ${names.size} classes of ${chosen.join(", ")}`);
}
