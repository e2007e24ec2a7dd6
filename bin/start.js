/** Starts kctl: from src/ in a clone, where Node runs TypeScript as it is, else from dist/. */
"use strict";

const { existsSync, readFileSync } = require("node:fs");
const { enableCompileCache } = require("node:module");
const { homedir } = require("node:os");
const { isAbsolute, join } = require("node:path");
const { pathToFileURL } = require("node:url");

const argv = process.argv.length === 2 ? ["--help"] : process.argv.slice(2);
const source = join(__dirname, "../src/cli/main.ts");
const inClone = existsSync(source);

/** As src/artifacts/cache.ts has it; loading that would take longer than it saves. */
function cacheFolder() {
  const { KCTL_CACHE: own = "", XDG_CACHE_HOME: xdg = "" } = process.env;
  if (own !== "") return own;
  if (process.platform === "darwin") return join(homedir(), "Library/Caches/kctl");
  return join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "kctl");
}

async function start() {
  const cache = cacheFolder();
  // Only beside what `fetch` or `up` put there: a command that touches nothing makes no folder either. It never throws.
  if (existsSync(cache)) enableCompileCache(join(cache, "compiled"));
  const file = inClone ? source : join(__dirname, "../dist/main.js");
  const program = /** @type {typeof import("../src/cli/main.ts")} */ (await import(pathToFileURL(file).href));
  await program.main(argv);
}

if (!inClone && argv.length === 1 && (argv[0] === "--help" || argv[0] === "-h")) {
  // Rendered by the command line itself when the package was built: printing it takes little longer than starting Node.
  // A reader that has seen enough (`kctl --help | head`) is no failure.
  process.stdout.on("error", () => undefined);
  process.stdout.write(readFileSync(join(__dirname, "../dist/help.txt")));
} else {
  void start();
}
