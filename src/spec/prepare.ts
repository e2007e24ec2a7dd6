/**
 * From the tree to the plain value that the schema checks: settings as they are spelled, keys and values that are not
 * built yet refused and taken out, unknown keys named and taken out.
 */
import { ec2, remote } from "./key-info.ts";
import type { Problem, SpecPath } from "./problem.ts";
import { chosen, specShape, type Key, type Shape } from "./shape.ts";
import { valueAt, type MapValue, type Scalar, type Value } from "./tree.ts";
import { unknownKey } from "./unknown-key.ts";
import { keyName, shown } from "./words.ts";

const notYet = "is not built yet in this version of kctl";

type Prepared = {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Keys that are there under a wrong name, or may be: not missing, nor is their absence to be reasoned about. */
  readonly meant: readonly SpecPath[];
};

export function prepare(root: Value): Prepared {
  const problems: Problem[] = [];
  const meant: SpecPath[] = [];
  const provider = valueAt(root, ["provider", "type"]);
  const its = featuresOf(provider?.kind === "scalar" ? provider.text : "local");

  function walk(value: Value, shape: Shape, path: SpecPath, key: Key | null): unknown {
    const here = chosen(shape, value);
    if (value.kind === "scalar") return scalar(value, path, key);
    if (value.kind === "list") {
      const item: Shape = here.kind === "list" ? here.item : { kind: "any" };
      return value.items.map((entry, index) => walk(entry, item, [...path, index], key));
    }
    if (here.kind === "table" && key?.info.verbatim === true) return table(value, path);
    if (value.partial && here.kind === "map")
      for (const name of here.keys.keys()) if (!value.entries.has(name)) meant.push([...path, name]);
    const option = shape.kind === "choice" && here.kind === "map" ? optionOf(value, shape.by) : null;
    return Object.fromEntries(
      [...value.entries].flatMap(([name, entry]): [string, unknown][] => {
        const inside = [...path, name];
        if (path.length === 0 && name.startsWith("x-")) return [];
        if (here.kind !== "map") return [[name, walk(entry.value, wordOf(here, name), inside, key)]];
        const known = here.keys.get(name);
        if (known === undefined) {
          const unknown = unknownKey(name, entry.value, path, here.keys, option);
          problems.push(unknown.problem);
          if (unknown.meant !== null) meant.push(unknown.meant);
          return [];
        }
        if (refused(known, inside)) return [];
        return [[name, walk(entry.value, known.shape, inside, known)]];
      }),
    );
  }

  /** Keys for other machines come with their provider, whose one sentence covers them. */
  function refused({ name, info }: Key, path: SpecPath): boolean {
    if (info.later === undefined || its.includes(info.later)) return false;
    const local = info.later === remote;
    problems.push({
      code: "spec-not-built",
      path,
      at: "key",
      what: local ? `${shown(name)} is for ${remote}` : `${shown(name)}: ${info.later} ${notYet}`,
      fix: local ? "take it out: with the provider `local`, every node is on this machine" : `take ${shown(name)} out`,
    });
    return true;
  }

  function scalar(value: Scalar, path: SpecPath, key: Key | null): unknown {
    const later = key?.info.laterValues;
    if (later !== undefined && Object.hasOwn(later, value.text))
      problems.push({
        code: "spec-not-built",
        path,
        what: `${later[value.text] ?? ""} ${notYet}`,
        fix:
          path[0] === "provider"
            ? "use `type: local`, this machine, or `type: ssh`, machines that you have"
            : "use the roles `zookeeper` and `broker`",
      });
    return value.value;
  }

  function table(value: MapValue, path: SpecPath): Record<string, string> {
    const taken: [string, string][] = [];
    for (const [name, { value: setting }] of value.entries) {
      const problem = settingProblem(setting, [...path, name]);
      if (problem !== null) problems.push(problem);
      else if (setting.kind === "scalar") taken.push([name, setting.text]);
    }
    return Object.fromEntries(taken);
  }

  return { value: walk(root, specShape(), [], null), problems, meant };
}

/** Whose keys come with a provider. */
function featuresOf(provider: string): readonly string[] {
  if (provider === "aws") return [remote, ec2];
  return provider === "ssh" ? [remote] : [];
}

function wordOf(shape: Shape, name: string): Shape {
  return shape.kind === "choice" && name === shape.by
    ? { kind: "word", words: [...shape.options.keys()] }
    : { kind: "any" };
}

function optionOf(value: MapValue, by: string): string | null {
  const type = value.entries.get(by)?.value;
  return type?.kind === "scalar" ? type.text : null;
}

function settingProblem(value: Value, path: SpecPath): Problem | null {
  const name = shown(String(path.at(-1)));
  const owner = keyName(path.slice(0, -1));
  if (value.kind === "scalar") {
    if (value.value !== null || value.text !== "" || !value.plain) return nullWord(value, path);
    const [, setting, glued] = /^([^=\s]+)=(.*)$/.exec(String(path.at(-1))) ?? [];
    const fix =
      setting === undefined
        ? `give it one, or take it out; empty text is \`""\``
        : `write ${shown(`${setting}: ${glued ?? ""}`)}`;
    return { code: "spec-bad-value", path, at: "key", what: `the setting ${name} has no value`, fix };
  }
  if (value.kind === "map" && value.entries.has("secret"))
    return {
      code: "spec-not-built",
      path,
      at: "key",
      what: `${name}: giving a secret ${notYet}`,
      fix: "take the setting out",
    };
  const kind = value.kind === "map" ? "a map" : "a list";
  return {
    code: "spec-wrong-type",
    path,
    at: "key",
    what: `each setting of ${owner} takes one value; ${name} has ${kind}`,
    fix:
      value.kind === "map"
        ? dotted(value, String(path.at(-1)))
        : `write the items in one text, as Kafka does: ${commas(value)}`,
  };
}

/** `~` and `null` are words of YAML that would reach Kafka as text, which nobody means. */
function nullWord(value: Scalar, path: SpecPath): Problem | null {
  if (value.value !== null) return null;
  return {
    code: "spec-bad-value",
    path,
    what: `to YAML, ${shown(value.text)} is no value at all`,
    fix: `take the setting out, or write the text in quotes: \`"${value.text}"\``,
  };
}

function dotted(value: MapValue, name: string): string {
  const [inner] = value.entries.keys();
  return `write the name in full, with its dots: ${shown(`${name}.${inner ?? "..."}: ...`)}`;
}

function commas(value: { readonly items: readonly Value[] }): string {
  const items = value.items.flatMap((item) => (item.kind === "scalar" && !item.hidden ? [item.text] : []));
  return shown(items.length === value.items.length && items.length > 0 ? items.join(",") : "a,b");
}
