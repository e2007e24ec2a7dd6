/** Bundles the command line into dist/: chunks that load when they are needed, the help as text, and the notices of what is bundled. */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

/** Libraries that take long to load: only `await import()` may reach them. */
const heavy = ["@platformatic/kafka", "tar", "execa", "eta", "p-limit"];
