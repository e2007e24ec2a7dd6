/** The moment at which a cluster ends itself: one for all of its machines, whenever they were launched. It stands in their tags. */
import type { Fault } from "../fault.ts";
import { instant, readInstant } from "./instant.ts";
import { expiresTag, isLive, type SeenCloud } from "./seen.ts";

export type End = {
  /** In ISO's form, by EC2's clock; null: it stays until somebody removes it. */
  readonly expires: string | null;
  /** What a `ttl` asks for and cannot be had: the rest is done. */
  readonly refusals: readonly Fault[];
  /** It is ending just now. */
  readonly obstacles: readonly Fault[];
};

type Tagged = { readonly tags: Readonly<Record<string, string>> };

/** Null where it has none, or one that is no moment. */
function expiryOf({ tags }: Tagged): number | null {
  return readInstant(tags[expiresTag]);
}

/**
 * What is there of a cluster has an end only where all that could hold data has one, the latest of them: a machine or a volume
 * without one is meant to stay.
 */
export function endOf({ instances, volumes, groups, keys }: SeenCloud): {
  readonly there: boolean;
  readonly at: number | null;
} {
  const lasting: readonly Tagged[] = [
    ...instances.filter(isLive),
    ...volumes.filter(({ state }) => state !== "deleting" && state !== "deleted"),
  ];
  const its = lasting.map(expiryOf);
  if (its.includes(null)) return { there: true, at: null };
  const all = [...its, ...[...groups, ...keys].map(expiryOf)].flatMap((at) => at ?? []);
  return { there: lasting.length > 0, at: all.length === 0 ? null : Math.max(...all) };
}

/**
 * @param ttl in seconds, as the spec or the command line has it
 * @param fresh the end of one that is made now with that ttl
 */
export function wantedEnd(
  cluster: string,
  seen: SeenCloud,
  { ttl, now, fresh }: { readonly ttl: number | null; readonly now: number; readonly fresh: string | null },
): End {
  const { there, at } = endOf(seen);
  if (!there) return { ...nothing, expires: at !== null && isBegun(at, now, ttl) ? instant(at) : fresh };
  if (at === null) return ttl === null ? nothing : { ...nothing, refusals: [madeWithout(cluster)] };
  if (at > now) return { ...nothing, expires: instant(at) };
  const what = `the end of ${cluster} has come (${instant(at)}): its machines are ending themselves`;
  const fix = "run the same command again in a few minutes, or `kctl destroy` now";
  return { ...nothing, expires: instant(at), obstacles: [{ code: "machine-lost", what, fix }] };
}

/** EC2 may take some minutes to show a machine that a run which was cut off has launched: it has that run's end. */
const soonMs = 600_000;

function isBegun(at: number, now: number, ttl: number | null): boolean {
  return at > now && (ttl === null || Math.abs(at - now - ttl * 1000) <= soonMs);
}

const nothing: End = { expires: null, refusals: [], obstacles: [] };

function madeWithout(cluster: string): Fault {
  return {
    code: "no-ttl",
    where: "ttl",
    what: `${cluster} was made without a ttl: its machines are to be kept, and their data volumes outlive them`,
    fix: "take the ttl away; or `kctl destroy` it and make it anew with one",
  };
}
