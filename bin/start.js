// Starts kctl on a Node that is new enough: from dist/ in the package, from src/ in a clone.
import { existsSync, readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";

const argv = process.argv.slice(2);
const source = new URL("../src/cli/main.ts", import.meta.url);
const help = new URL("../dist/help.txt", import.meta.url);
const inClone = existsSync(source);

if (!inClone && (argv.length === 0 || (argv.length === 1 && (argv[0] === "--help" || argv[0] === "-h")))) {
  // Rendered when the package was built, by the same command line: printing it takes no more than starting Node.
  process.stdout.write(readFileSync(help));
} else {
  enableCompileCache();
  const { main } = await import(inClone ? source.href : new URL("../dist/main.js", import.meta.url).href);
  await main(argv);
}
