/** What to say of a key that kctl does not know: which one was meant, where it goes, or what there is. */
import { insteadOfSetting } from "./owned-settings.ts";
import { nearest } from "./nearest.ts";
import type { Problem, SpecPath } from "./problem.ts";
import { isOn, pathsByName, specShape, type Key } from "./shape.ts";
import { given, keyName, listed, ownerName, shown } from "./words.ts";
import type { Value } from "./tree.ts";

type Keys = ReadonlyMap<string, Key>;

type WayOut = { readonly fix: string; /** The key of this map that was most likely meant. */ readonly meant?: string };

/** @param owner the path of the map that the key stands in; `keys` are those that are known there */
export function unknownKey(
  name: string,
  value: Value,
  owner: SpecPath,
  keys: Keys,
  { option, type }: { readonly option: string | null; /** The spec's provider. */ readonly type: string },
): { readonly problem: Problem; readonly meant: SpecPath | null } {
  const who = option === null ? ownerName(owner) : `the provider ${shown(option)}`;
  const { fix, meant } = wayOut(name, value, owner, keys, type);
  const what = `${shown(name)} is not a key of ${who}`;
  return {
    problem: { code: "spec-unknown-key", path: [...owner, name], at: "key", what, fix },
    meant: meant === undefined ? null : [...owner, meant],
  };
}

function wayOut(name: string, value: Value, owner: SpecPath, keys: Keys, type: string): WayOut {
  return (
    glued(name, value, keys) ??
    byAnotherName(name, keys) ??
    asSetting(name, owner, keys) ??
    ofOtherOption(name, owner) ??
    elsewhere(name, keys) ??
    near(name, keys) ??
    nearElsewhere(name) ??
    knownHere(keys, owner, type)
  );
}

function knownHere(keys: Keys, owner: SpecPath, type: string): WayOut {
  const usable = [...keys.values()].filter((key) => key.info.later === undefined && isOn(key, owner, type));
  const names = usable.map(({ name }) => name);
  return { fix: `known here: ${listed(names, "and")}` };
}

/** `{count:3}` is a key `count:3` to YAML. */
function glued(name: string, value: Value, keys: Keys): WayOut | null {
  const [, key, rest] = /^([\w.-]+):(.+)$/.exec(name) ?? [];
  if (key === undefined || rest === undefined || given(value) !== "nothing") return null;
  const meant = nearest(key, keys.keys());
  return meant === null ? null : { fix: `put a blank after the colon: ${shown(`${meant}: ${rest}`)}`, meant };
}

function byAnotherName(name: string, keys: Keys): WayOut | null {
  const word = name.toLowerCase();
  const key = [...keys.values()].find(({ info }) => info.also?.some((other) => other.toLowerCase() === word));
  return key === undefined ? null : { fix: `did you mean ${shown(key.name)}? ${key.info.doc}`, meant: key.name };
}

const zookeepers =
  /^(tickTime|initLimit|syncLimit|maxClientCnxns|(min|max)SessionTimeout|snapCount|globalOutstandingLimit|autopurge\..+)$/i;

/** A setting of Kafka's or ZooKeeper's own, one level too high. */
function asSetting(name: string, owner: SpecPath, keys: Keys): WayOut | null {
  const ofZookeeper = owner[0] === "zookeeper" || zookeepers.test(name);
  if (!ofZookeeper && (!/^[a-z]+(\.[a-z0-9-]+)+$/.test(name) || nearest(name, keys.keys()) !== null)) return null;
  if (owner[0] === "zookeeper" && !zookeepers.test(name) && !name.includes(".")) return null;
  const instead = insteadOfSetting(ofZookeeper ? "zookeeper" : "broker", name);
  if (instead !== null) return { fix: instead };
  const under = ofZookeeper
    ? "zookeeper.config"
    : owner[0] === "nodes" || owner[0] === "topics"
      ? "config"
      : "kafka.config";
  return { fix: `settings of ${ofZookeeper ? "ZooKeeper" : "Kafka"}'s own go under \`${under}\`` };
}

function ofOtherOption(name: string, owner: SpecPath): WayOut | null {
  const shape = owner.length === 1 && owner[0] === "provider" ? topKey("provider")?.shape : undefined;
  if (shape?.kind !== "choice") return null;
  const having = [...shape.options].filter(([, option]) => option.kind === "map" && option.keys.has(name));
  const names = having.map(([option]) => option);
  return names.length === 0 ? null : { fix: `it belongs to the provider ${listed(names, "or")}; take it out` };
}

function elsewhere(name: string, keys: Keys): WayOut | null {
  const places = placesOf(name);
  if (places === null) return null;
  const fix = `${shown(name)} goes under ${places}`;
  const meant = nearest(name, keys.keys());
  return meant === null ? { fix } : { fix: `did you mean ${shown(meant)}? ${fix}`, meant };
}

/** Where a key of this name is known; keys of features that come later only where there is no other. */
function placesOf(name: string): string | null {
  const paths = pathsByName().get(name) ?? [];
  const now = paths.filter((path) => topKey(path[0] ?? "")?.info.later === undefined);
  const chosen = now.length > 0 ? now : paths;
  if (chosen.length === 0) return null;
  const places = chosen.map((path) => {
    if (path.length === 1) return "the top of the spec";
    return path[0] === "nodes" && path.length === 2 ? "a node" : keyName(path.slice(0, -1));
  });
  const last = places.pop() ?? "";
  return places.length === 0 ? last : `${places.join(", ")} or ${last}`;
}

function topKey(name: string): Key | undefined {
  const shape = specShape();
  return shape.kind === "map" ? shape.keys.get(name) : undefined;
}

function near(name: string, keys: Keys): WayOut | null {
  const meant = nearest(name, keys.keys());
  return meant === null ? null : { fix: `did you mean ${shown(meant)}?`, meant };
}

function nearElsewhere(name: string): WayOut | null {
  const found = name.length < 4 ? null : nearest(name, pathsByName().keys());
  const places = found === null ? null : placesOf(found);
  return found === null || places === null
    ? null
    : { fix: `did you mean ${shown(found)}, which goes under ${places}?` };
}
