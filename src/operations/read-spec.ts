/** Reads a spec from its file or from standard input, and checks it. */
import { readFile, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { noKnownIds } from "../cluster/known-ids.ts";
import { portProblems } from "../cluster/ports.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError, type Fault } from "../fault.ts";
import { platformOf } from "../providers/platform.ts";
import { loadSpec } from "../spec/load.ts";
import type { Spec } from "../spec/schema.ts";
import type { Context } from "./context.ts";

export type ReadSpec = { readonly spec: Spec; readonly warnings: readonly Fault[]; readonly folder: string };

async function specText({ specFile, cwd }: Context): Promise<string> {
  if (specFile === "-") return text(process.stdin);
  try {
    return await readFile(resolve(cwd, specFile), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(error);
    throw new KctlError(
      {
        code: "spec-unreadable",
        where: specFile,
        what: `cannot read the spec ${specFile}: ${why}`,
        fix: "name a spec with -f FILE, or set KCTL_SPEC",
      },
      { cause: error },
    );
  }
}

export async function readSpec(context: Context): Promise<ReadSpec> {
  const text = await specText(context);
  // The real one: servers are known by the paths in their arguments, by whichever link the spec was reached.
  const folder = await realpath(
    context.specFile === "-" ? context.cwd : dirname(resolve(context.cwd, context.specFile)),
  );
  return checkedSpec(text, folder, context);
}

/** Every fault of the spec at once, those of its ports included; throws them as one error. */
export function checkedSpec(text: string, folder: string, { specFile, env }: Context): ReadSpec {
  const result = loadSpec(text, { file: specFile === "-" ? "<stdin>" : specFile, env });
  if (!result.ok) throw new KctlError(result.faults);
  const { spec, warnings } = result;
  const platform = platformOf(spec, folder);
  const problems = portProblems(
    resolveCluster(spec, platform, noKnownIds),
    platform.sharedAddress === null ? ["nodes"] : ["provider"],
  );
  if (problems.length > 0) throw new KctlError(problems.map((problem) => result.toFault(problem)));
  return { spec: withFiles(withMirror(spec, folder), folder), warnings, folder };
}

/** A mirror that is a folder lies where the spec says, seen from the spec. */
function withMirror(spec: Spec, folder: string): Spec {
  const mirror = spec.artifacts?.mirror;
  if (mirror === undefined || /^[a-z]+:/i.test(mirror)) return spec;
  return { ...spec, artifacts: { mirror: resolve(folder, mirror) } };
}

/** So do plugins, Burrow's archive, and secrets that are files. */
function withFiles(spec: Spec, folder: string): Spec {
  const { connect, connectors, burrow } = spec;
  const placed = (path: string): string => (/^([a-z]+:|~(\/|$))/i.test(path) ? path : resolve(folder, path));
  const plugins = connect?.plugins.map(({ archive, file, ...rest }) => ({
    ...rest,
    ...(archive === undefined ? {} : { archive: placed(archive) }),
    ...(file === undefined ? {} : { file: placed(file) }),
  }));
  const settings = (config: NonNullable<typeof connectors>[number]["config"]): typeof config =>
    Object.fromEntries(
      Object.entries(config).map(([name, value]) => [
        name,
        typeof value === "object" && "file" in value.secret ? { secret: { file: placed(value.secret.file) } } : value,
      ]),
    );
  return {
    ...spec,
    ...(connect === undefined || plugins === undefined ? {} : { connect: { ...connect, plugins } }),
    ...(burrow?.archive === undefined ? {} : { burrow: { ...burrow, archive: placed(burrow.archive) } }),
    ...(connectors === undefined
      ? {}
      : { connectors: connectors.map((one) => ({ ...one, config: settings(one.config) })) }),
  };
}
