/** A spec with its faulty keys put right by examples, so that rules can look at everything else in the same run. */
import type { SpecPath } from "./problem.ts";
import { externalSchema, type Spec, type specSchema } from "./schema.ts";

type Plain = Record<string, unknown>;

/** What stands in for a key that must be there. Which it is says nothing to a rule: those that look at it are silent. */
const standIns: Readonly<Record<string, unknown>> = {
  name: "repaired",
  provider: { type: "local" },
  kafka: { version: "3.9.1" },
  version: "3.9.1",
  nodes: [{ group: "repaired", count: 3, roles: ["zookeeper", "broker"] }],
  roles: ["zookeeper", "broker"],
  size: "1GiB",
  mirror: "repaired",
};

/** Null where it is beyond that. */
export function repaired(
  value: unknown,
  faulty: readonly SpecPath[],
  schema: typeof specSchema | typeof externalSchema,
): Spec | null {
  const copy = structuredClone(value);
  for (const path of faulty) repair(copy, path);
  if (schema === externalSchema && faulty.some(([top]) => top === "provider"))
    Object.assign(copy as Plain, { provider: { type: "external", bootstrap: ["repaired:9092"] } });
  const result = schema.safeParse(copy);
  return result.success ? result.data : null;
}

/** The innermost key of the path is taken out, or replaced where something must be there. */
function repair(root: unknown, path: SpecPath): void {
  // Its keys hang on its type: it is put right as a whole.
  if (path[0] === "provider" && path.length > 1) return repair(root, ["provider"]);
  const length = path.findLastIndex((step) => typeof step === "string");
  const name = path[length];
  let owner = root;
  for (const step of path.slice(0, length)) {
    if (typeof owner !== "object" || owner === null || !Object.hasOwn(owner, step)) return;
    owner = (owner as Plain)[step];
  }
  if (typeof owner !== "object" || owner === null || typeof name !== "string") return;
  const plain = owner as Plain;
  if (Object.hasOwn(standIns, name) && required(path.slice(0, length + 1)))
    plain[name] = structuredClone(standIns[name]);
  else delete plain[name];
}

/** `version` is needed under `kafka` only, `name` at the top only. */
function required(path: SpecPath): boolean {
  const last = path.at(-1);
  if (last === "version") return path[0] === "kafka";
  if (last === "name") return path.length === 1;
  return true;
}
