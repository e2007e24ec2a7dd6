/** What the spec says of Connect's plugins, as artifacts: where each comes from, and what it is called. */
import type { Spec } from "../spec/schema.ts";
import type { PluginArtifact } from "./desired.ts";

type Entry = NonNullable<Spec["connect"]>["plugins"][number];

/** The spec's rules let nothing through that says neither or both. */
export function pluginArtifact({ maven, archive, file, sha512 = "" }: Entry): PluginArtifact {
  if (maven !== undefined) {
    const [group = "", artifact = "", version = ""] = maven.split(":");
    return { name: "connect-plugin", version: maven, from: { kind: "maven", group, artifact, version } };
  }
  const at = archive ?? file ?? "";
  // What it holds is told by its digest alone: another file of the same name is another plugin.
  const name = at
    .replace(/[?#].*$/s, "")
    .replace(/^.*[/\\]/s, "")
    .replace(/\.(tar\.gz|tgz|jar)$/, "");
  const from = { kind: archive === undefined ? "file" : "archive", at, sha512 } as const;
  return { name: "connect-plugin", version: `${name}-${sha512.slice(0, 12)}`, from };
}

/** The folder that it unpacks to: the one folder in it is what Connect takes for the plugin. */
export function pluginFolder({ version }: PluginArtifact): string {
  return `connect-plugin-${version.replaceAll(/[^A-Za-z0-9._-]/g, "_")}`;
}
