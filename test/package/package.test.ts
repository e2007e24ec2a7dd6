/** The package as a user has it: packed, and installed into an empty folder (test/e2e/setup.ts). */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { describe, expect, inject, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const program = realpathSync(inject("kctl"));
const installed = join(program, "../..");

type PackageFile = {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly dependencies?: object;
  readonly devDependencies: Readonly<Record<string, string>>;
};
type LockFile = {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
};
const packageFile = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as PackageFile;
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as LockFile;

type Ended = { readonly exit: number; readonly out: string; readonly err: string };

async function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd, encoding: "utf8" }, (_, out, err) => {
      resolve({ exit: child.exitCode ?? -1, out, err });
    });
  });
}

const kctl = async (...args: readonly string[]): Promise<Ended> => run(inject("kctl"), args, installed);

/** Every file below a folder. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

describe("the installed package", () => {
  test("tells its version", async () => {
    expect(await kctl("--version")).toEqual({ exit: 0, out: `${packageFile.version}\n`, err: "" });
  });

  test("tells its help, however it is asked, as the command line itself would", async () => {
    const asked = await kctl("--help");
    expect(asked).toMatchObject({ exit: 0, err: "" });
    expect(asked.out).toMatch(/^Usage: kctl /);
    expect(await kctl("-h")).toEqual(asked);
    expect(await kctl()).toEqual(asked);
    // Two arguments are not answered from the rendered text.
    expect(await kctl("--help", "--help")).toEqual(asked);
  });

  test("checks a spec", async () => {
    const { exit, err } = await kctl("validate", "--json", "-f", join(installed, "examples/local.yaml"));
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
  });

  test("has no dependencies, no sources, and is small", () => {
    expect(packageFile.dependencies).toBeUndefined();
    expect(existsSync(join(installed, "src"))).toBe(false);
    const beside = readdirSync(join(installed, "..")).filter((name) => !name.startsWith("."));
    expect(beside).toEqual(["kctl"]);
    const bytes = filesOf(installed).reduce((sum, path) => sum + statSync(path).size, 0);
    expect(bytes).toBeLessThan(40_000_000);
  });

  test("brings licence, notices of what is bundled, templates and examples", () => {
    for (const path of [
      "LICENSE",
      "README.md",
      "CHANGELOG.md",
      "dist/THIRD-PARTY.txt",
      "templates",
      "examples/local.yaml",
    ])
      expect(existsSync(join(installed, path)), path).toBe(true);
    const notices = readFileSync(join(installed, "dist/THIRD-PARTY.txt"), "utf8");
    for (const name of ["@platformatic/kafka", "commander", "minipass", "tar", "yaml", "zod"])
      expect(notices, name).toMatch(new RegExp(`^${name} [0-9]`, "m"));
  });

  test("names no package registry", () => {
    const host = new RegExp(["registry", "(npmjs|yarnpkg)"].join(String.raw`\.`));
    expect(filesOf(installed).filter((path) => host.test(readFileSync(path, "latin1")))).toEqual([]);
  });

  test("loads every part of its bundle, Kafka's library and what that needs included", async () => {
    const parts = readdirSync(join(installed, "dist")).filter((name) => name.endsWith(".js"));
    const script = `
      let clients = 0;
      for (const url of ${JSON.stringify(parts.map((name) => pathToFileURL(join(installed, "dist", name)).href))}) {
        const part = await import(url);
        if (!("Producer" in part && "Admin" in part)) continue;
        const options = { clientId: "kctl", bootstrapBrokers: ["127.0.0.1:1"], retries: 0 };
        const made = [new part.Producer(options), new part.Admin(options)];
        clients += made.length;
        for (const client of made) await client.close();
      }
      console.log(clients);`;
    const ended = await run(process.execPath, ["--input-type=module", "--eval", script], installed);
    expect(ended).toEqual({ exit: 0, out: "2\n", err: "" });
  });
});

describe("on a Node that is too old", () => {
  const pretend = async (...args: readonly string[]): Promise<Ended> => {
    const script = `
      Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });
      process.argv = [process.execPath, ...${JSON.stringify([program, ...args])}];
      require(process.argv[1]);`;
    return run(process.execPath, ["--eval", script], installed);
  };
  const needed = packageFile.engines.node.replace(">=", "");

  test("says so in a sentence", async () => {
    const { exit, out, err } = await pretend("--help");
    expect({ exit, out }).toEqual({ exit: 1, out: "" });
    expect(err).toMatch(`kctl needs Node.js ${needed} or later, and this is 20.20.2\n  fix: install a newer Node.js`);
  });

  test("says so as JSON where that is asked for", async () => {
    const { exit, out, err } = await pretend("up", "--json");
    expect({ exit, err }).toEqual({ exit: 1, err: "" });
    expect(JSON.parse(out)).toMatchObject({ type: "result", ok: false, errors: [{ code: "node-too-old" }] });
  });

  test("it can read the way in", async () => {
    const text = readFileSync(program, "utf8");
    // Nothing had to be rewritten for it, but for the way in which esbuild prints `{ a: a }`.
    const old = await transform(text, { target: "es5" });
    const modern = await transform(text, { target: "esnext", supported: { "object-extensions": false } });
    expect(old.code).toBe(modern.code);
  });
});

describe("a clone", () => {
  test("runs kctl from its sources, by its own name", async () => {
    const { exit, out } = await run("npx", ["--yes=false", "kctl", "--version"], root);
    expect({ exit, out }).toEqual({ exit: 0, out: `${packageFile.version}\n` });
  });

  test("locks the packages of every platform, and the address of none", () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
      ),
    );
    expect(missing).toEqual([]);
    expect(Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    for (const tool of ["@esbuild/darwin-arm64", "@oxfmt/binding-darwin-arm64", "@oxlint/binding-darwin-arm64"])
      expect(lock.packages).toHaveProperty([`node_modules/${tool}`]);
  });

  test("pins every tool exactly", () => {
    expect(
      Object.values(packageFile.devDependencies).filter((version) => !/^[0-9]+\.[0-9]+\.[0-9]+$/.test(version)),
    ).toEqual([]);
  });
});
