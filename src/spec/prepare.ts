/**
 * From the tree to the plain value that the schema checks: settings as they are spelled, keys and values that are not
 * built yet refused and taken out, unknown keys named and taken out.
 */
import type { Problem, SpecPath } from "./problem.ts";
import { chosen, isOn, specShape, type Key, type Shape } from "./shape.ts";
import { secretIn } from "./secret-value.ts";
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
  const type = provider?.kind === "scalar" ? provider.text : "local";

  function walk(value: Value, shape: Shape, path: SpecPath, key: Key | null): unknown {
    const here = chosen(shape, value);
    if (value.kind === "scalar") {
      if (key?.info.orTrue === true && typeof value.value === "boolean") return value.value ? {} : undefined;
      const alone = here.kind === "list" && key?.info.orOne === true && value.value !== null;
      return alone ? [value.value] : value.value;
    }
    if (value.kind === "list") {
      const item: Shape = here.kind === "list" ? here.item : { kind: "any" };
      return value.items.map((entry, index) => walk(entry, item, [...path, index], key));
    }
    if (here.kind === "table" && key?.info.verbatim === true) return table(value, path, key.info.secrets === true);
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
          const unknown = unknownKey(name, entry.value, path, here.keys, { option, type });
          problems.push(unknown.problem);
          if (unknown.meant !== null) meant.push(unknown.meant);
          return [];
        }
        const refused = refusal(known, inside, type);
        if (refused !== null) problems.push(refused);
        if (refused !== null) return [];
        return [[name, walk(entry.value, known.shape, inside, known)]];
      }),
    );
  }

  function table(value: MapValue, path: SpecPath, secrets: boolean): Record<string, unknown> {
    const taken: [string, unknown][] = [];
    for (const [name, { value: setting }] of value.entries) {
      if (secrets && setting.kind === "map" && setting.entries.has("secret")) {
        const secret = secretIn(setting, [...path, name]);
        if ("problem" in secret) problems.push(secret.problem);
        else taken.push([name, secret]);
        continue;
      }
      const problem = settingProblem(setting, [...path, name]);
      if (problem !== null) problems.push(problem);
      else if (setting.kind === "scalar") taken.push([name, setting.text]);
    }
    return Object.fromEntries(taken);
  }

  return { value: walk(root, specShape(), [], null), problems, meant };
}

/** A key that the provider has no use for, or that is not built. */
function refusal(key: Key, path: SpecPath, type: string): Problem | null {
  const { name, info } = key;
  if (!isOn(key, path.slice(0, -1), type)) return { code: "spec-rule", path, at: "key", ...ofOtherProvider(key, type) };
  if (info.later === undefined) return null;
  const what = `${shown(name)}: ${info.later} ${notYet}`;
  return { code: "spec-not-built", path, at: "key", what, fix: `take ${shown(name)} out` };
}

/** A key that has no meaning with the spec's provider, and why. */
function ofOtherProvider({ name, info }: Key, type: string): Pick<Problem, "what" | "fix"> {
  const on = info.on ?? [];
  if (type === "external")
    return {
      what: `${shown(name)} is for clusters that kctl manages`,
      fix: "take it out: with the provider `external`, that is for those who run the cluster",
    };
  if (name === "ttl")
    return {
      what: "`ttl` is for EC2: machines of your own are not kctl's to switch off",
      fix: "take it out; `kctl destroy` ends the cluster",
    };
  if (type === "aws")
    return { what: `${shown(name)} is for machines of your own`, fix: "take it out: kctl asks EC2 for addresses" };
  const what = `${shown(name)} is for ${on.includes("ssh") ? "machines of your own" : "EC2"}`;
  if (type === "ssh") return { what, fix: "take it out: with the provider `ssh`, the machines are there already" };
  return { what, fix: "take it out: with the provider `local`, every node is on this machine" };
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
