/** Bundles the command line into dist/: chunks that load when they are needed, the help as text, the notices of what is bundled. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
/** Made aside and put in place at the end: whoever packs or runs dist/ meanwhile finds it whole. */
const aside = join(root, `node_modules/.cache/kctl-dist-${process.pid}`);

/** Libraries that take long to load: only `await import()` may reach them. */
const heavy = ["@aws-sdk/client-ec2", "@platformatic/kafka", "execa", "ssh-config", "ssh2", "string-width", "tar"];

/** Kafka's library brings a client of schema registries (ajv, avsc) that kctl does not use: 300 KB, and a third of the time to load it. */
const noRegistries: Plugin = {
  name: "no-registries",
  setup(hooks) {
    hooks.onLoad({ filter: /@platformatic\/kafka\/dist\/registries\/index\.js$/ }, () => ({ contents: "export {};" }));
  },
};

/** ssh2 looks for two compiled modules and does without them: they are of one machine, and the package is for all. */
const nothingCompiled: Plugin = {
  name: "nothing-compiled",
  setup(hooks) {
    hooks.onResolve({ filter: /(^cpu-features|\/sshcrypto\.node)$/ }, ({ path }) => ({ path, namespace: "compiled" }));
    hooks.onLoad({ filter: /.*/, namespace: "compiled" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not bundled`)});`,
    }));
  },
};

/**
 * ssh2 makes a cipher of each packet: of bytes, Node makes a key first, each time, which takes three times as long as the rest of
 * it. It is given one that is made.
 */
const keysMadeOnce: Plugin = {
  name: "keys-made-once",
  setup(hooks) {
    hooks.onLoad({ filter: /\/ssh2\/lib\/protocol\/crypto\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const [former, key] of [
        ["this._encKey = enc.cipherKey;", "enc.cipherKey"],
        ["this._decipherKey = dec.decipherKey;", "dec.decipherKey"],
      ] as const) {
        if (!contents.includes(former)) throw new Error(`ssh2 has no "${former}" any more`);
        contents = contents.replace(former, former.replace(key, `require("crypto").createSecretKey(${key})`));
      }
      return { contents };
    });
  },
};

/**
 * Of EC2's 700 calls kctl makes a few dozen. The client's ES modules are taken, and the constants that name its schemas' keys put in
 * their place: a computed key counts as a side effect, and would keep every schema.
 */
const fewCalls: Plugin = {
  name: "few-calls",
  setup(hooks) {
    hooks.onResolve({ filter: /^@aws-sdk\/client-ec2$/ }, () => ({
      path: join(root, "node_modules/@aws-sdk/client-ec2/dist-es/index.js"),
      sideEffects: false,
    }));
    hooks.onLoad({ filter: /client-ec2\/dist-es\/schemas\/schemas_0\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const constants = new Map(
        [...text.matchAll(/^const (\w+) = ("[^"\n]*");$/gm)].map(([, name, value]) => [name, value]),
      );
      const contents = text.replaceAll(/\[(_\w+)\]:/g, (whole, name: string) => {
        const value = constants.get(name);
        return value === undefined ? whole : `${value}:`;
      });
      return { contents, loader: "js" };
    });
  },
};

/** Taken by its names instead of as one object, of which the bundler must keep everything: 40 languages, and all that is not called. */
const zodByName: Plugin = {
  name: "zod-by-name",
  setup(hooks) {
    hooks.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const contents = text.replace('import { z } from "zod";', 'import * as z from "zod";');
      return contents === text ? null : { contents, loader: "ts" };
    });
  },
};

/**
 * `import` of one of Node's modules reads everything that it exports, also what is made when it is first asked for: of node:http a client
 * of HTTP and WebSockets, which takes 30 ms. As an object, nothing is read before it is used.
 */
const builtinsUnread: Plugin = {
  name: "builtins-unread",
  setup(hooks) {
    hooks.onResolve({ filter: /^node:(http|https|util)$/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin" } : null,
    );
    hooks.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

async function bundle(): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    outdir: aside,
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
    plugins: [noRegistries, nothingCompiled, keysMadeOnce, fewCalls, zodByName, builtinsUnread],
    banner: {
      // Some of the bundled libraries are CommonJS: they ask for Node's own modules by require(), and for their folder.
      js: 'import { createRequire as kctlRequire } from "node:module"; const require = kctlRequire(import.meta.url), __dirname = import.meta.dirname;',
    },
  });
  return metafile;
}

/** `folder` is where its package.json lies. */
function packageOf(path: string): { readonly folder: string; readonly name: string } | null {
  const [, folder, name] = /^((?:.*\/)?node_modules\/(@[^/]+\/[^/]+|[^/]+))\//.exec(path) ?? [];
  return folder === undefined || name === undefined ? null : { folder, name };
}

/** What `kctl --help` would load: main.js and what it imports statically. A heavy library there is a mistake. */
function refuseEagerLibraries({ outputs }: Metafile): void {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { kind, path: next } of outputs[path]?.imports ?? []) if (kind === "import-statement") visit(next);
  };
  visit(relative(root, join(aside, "main.js")));
  const loaded = new Set(
    [...seen].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {})).map((path) => packageOf(path)?.name),
  );
  const eager = heavy.filter((library) => loaded.has(library));
  if (eager.length > 0) throw new Error(`imported statically, so loaded by every command: ${eager.join(", ")}`);
}

/** The licence of every package that went into the bundle, as their licences ask. */
function thirdParty({ inputs }: Metafile): string {
  const folders = new Set(Object.keys(inputs).flatMap((path) => packageOf(path)?.folder ?? []));
  // What tar is made of stands inside its own minified file, where the bundler does not see it.
  for (const name of ["@isaacs/fs-minipass", "chownr", "minipass", "minizlib", "yallist"]) {
    folders.add(`node_modules/${name}`);
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
  const user = Object.keys(inputs).find((path) => packageOf(path)?.name === "@platformatic/wasm-utils");
  const file = user === undefined ? undefined : join(root, dirname(user), "native.wasm");
  if (file === undefined || !existsSync(file))
    throw new Error("native.wasm of @platformatic/wasm-utils is not where it was");
  return file;
}

async function make(): Promise<void> {
  const metafile = await bundle();
  refuseEagerLibraries(metafile);
  cpSync(wasm(metafile), join(aside, "native.wasm"));
  writeFileSync(join(aside, "THIRD-PARTY.txt"), thirdParty(metafile));
  // Rendered by the command line itself, so that it cannot drift; bin/start.js prints it without loading the rest.
  const render = 'const { main } = await import(process.argv[1]); await main(["--help"]);';
  const help = execFileSync(process.execPath, ["--input-type=module", "--eval", render, join(aside, "main.js")], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (help.length === 0) throw new Error("the command line printed no help");
  writeFileSync(join(aside, "help.txt"), help);
}

try {
  await make();
  rmSync(join(root, "dist"), { recursive: true, force: true });
  renameSync(aside, join(root, "dist"));
} finally {
  rmSync(aside, { recursive: true, force: true });
}
