/** The names that a spec has, for those who type one: read without asking the network, and without standard input. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { resolveCluster } from "../cluster/resolve.ts";
import { noKnownIds } from "../cluster/known-ids.ts";
import { platformOf } from "../providers/platform.ts";
import { loadSpec } from "../spec/load.ts";
import type { Context } from "./context.ts";

export type Name = { readonly word: string; readonly about: string };

export type SpecNames = Readonly<Record<"nodes" | "topics" | "connectors", readonly Name[]>>;

const none: SpecNames = { nodes: [], topics: [], connectors: [] };

/** None of a spec that has a fault. */
export async function namesIn({
  specFile,
  cwd,
  env,
  home,
}: Pick<Context, "specFile" | "cwd" | "env" | "home">): Promise<SpecNames> {
  if (specFile === "-") return none;
  // The shell has not been there yet.
  const path = specFile.startsWith("~/") ? join(home, specFile.slice(2)) : resolve(cwd, specFile);
  const loaded = loadSpec(await readFile(path, "utf8"), { file: path, env });
  if (!loaded.ok) return none;
  const { nodes, topics } = resolveCluster(loaded.spec, platformOf(loaded.spec, cwd), noKnownIds);
  return {
    nodes: nodes.map(({ name, roles }) => ({ word: name, about: roles.join(", ") })),
    topics: topics.map(({ name }) => ({ word: name, about: "" })),
    connectors: (loaded.spec.connectors ?? []).map((one) => ({ word: one.name, about: one.class })),
  };
}
