/** Web addresses that the spec names, and what a reader may see of them. */
import type { Artifact } from "./desired.ts";

export function webAddress(at: string): URL | null {
  const url = /^[a-z][a-z0-9+.-]+:/i.test(at) ? URL.parse(at) : null;
  return url?.protocol === "http:" || url?.protocol === "https:" ? url : null;
}

/** An address as a reader may see it: without a password, and without a query, which can hold one. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** An artifact as it stands in a plan, which is printed and put into files: its name and version say which it is. */
export function shownArtifact<A extends Artifact>(artifact: A): A {
  if (!("from" in artifact) || artifact.from === null || !("at" in artifact.from)) return artifact;
  const url = webAddress(artifact.from.at);
  return url === null ? artifact : { ...artifact, from: { ...artifact.from, at: shown(url) } };
}
