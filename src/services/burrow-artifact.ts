/** What the spec says of Burrow's program, as an artifact: where it comes from, and what its folder is called. */
import type { Spec } from "../spec/schema.ts";
import type { BurrowArtifact } from "./desired.ts";

export function burrowArtifact({ version, archive, sha512 }: NonNullable<Spec["burrow"]>): BurrowArtifact {
  // The spec's rules let neither through without the other.
  const from = archive === undefined || sha512 === undefined ? null : { at: archive, sha512: sha512.toLowerCase() };
  return { name: "burrow", version, from };
}

/** Another archive of the same version, for machines of another sort say, is another program. */
export function burrowFolder({ version, from }: BurrowArtifact): string {
  return from === null ? `burrow-${version}` : `burrow-${version}-${from.sha512.slice(0, 12)}`;
}
