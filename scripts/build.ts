/** Bundles the command line into dist/: chunks that load when they are needed, the help as text, the notices of what is bundled. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

/** Libraries that take long to load: only `await import()` may reach them. */
const heavy = ["@platformatic/kafka", "execa", "tar"];

/** Kafka's library brings a client of schema registries (ajv, avsc) that kctl does not use: 300 KB, and a third of the time to load it. */
const noRegistries: Plugin = {
  name: "no-registries",
  setup(hooks) {
    hooks.onLoad({ filter: /@platformatic\/kafka\/dist\/registries\/index\.js$/ }, () => ({ contents: "export {};" }));
  },
};

async function bundle(): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    outdir: dist,
    // Flat: the Kafka library looks for `../dist/native.wasm` from the file that it is in.
    entryNames: "[name]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24.12",
    minify: true,
    keepNames: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    plugins: [noRegistries],
    banner: {
      // Some of the bundled libraries are CommonJS and ask for Node's own modules by require().
      js: 'import { createRequire as kctlRequire } from "node:module"; const require = kctlRequire(import.meta.url);',
    },
  });
  return metafile;
}

const packageOf = (path: string): string | undefined =>
  /^node_modules\/(?:.*\/node_modules\/)?(@[^/]+\/[^/]+|[^/]+)\//.exec(path)?.[1];

/** What `kctl --help` would load: main.js and what it imports statically. A heavy library there is a mistake. */
function refuseEagerLibraries({ outputs }: Metafile): void {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { kind, path: next } of outputs[path]?.imports ?? []) if (kind === "import-statement") visit(next);
  };
  visit("dist/main.js");
  const loaded = new Set([...seen].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {})).map(packageOf));
  const eager = heavy.filter((library) => loaded.has(library));
  if (eager.length > 0) throw new Error(`imported statically, so loaded by every command: ${eager.join(", ")}`);
}

/** The licence of every package that went into the bundle, as their licences ask. */
function thirdParty({ inputs }: Metafile): string {
  const folders = new Set<string>();
  for (const path of Object.keys(inputs)) {
    const name = packageOf(path);
    if (name !== undefined) folders.add(path.slice(0, path.lastIndexOf(`/${name}/`) + name.length + 1));
  }
  const notices = [...folders].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Record<
      "name" | "version" | "license",
      string
    >;
    const file = readdirSync(join(root, folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file === undefined ? `License: ${license}` : readFileSync(join(root, folder, file), "utf8").trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  return `kctl is bundled with these packages.\n\n${notices.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/** It lies beside the library's file that asks for it. */
function wasm({ inputs }: Metafile): string {
  const user = Object.keys(inputs).find((path) => packageOf(path) === "@platformatic/wasm-utils");
  const file = user === undefined ? undefined : join(root, dirname(user), "native.wasm");
  if (file === undefined || !existsSync(file))
    throw new Error("native.wasm of @platformatic/wasm-utils is not where it was");
  return file;
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const metafile = await bundle();
refuseEagerLibraries(metafile);
cpSync(wasm(metafile), join(dist, "native.wasm"));
writeFileSync(join(dist, "THIRD-PARTY.txt"), thirdParty(metafile));
// Rendered by the command line itself, so that it cannot drift; bin/start.js prints it without loading the rest.
const render = 'const { main } = await import(process.argv[1]); await main(["--help"]);';
const help = execFileSync(process.execPath, ["--input-type=module", "--eval", render, join(dist, "main.js")], {
  env: { ...process.env, NO_COLOR: "1" },
});
if (help.length === 0) throw new Error("the command line printed no help");
writeFileSync(join(dist, "help.txt"), help);
