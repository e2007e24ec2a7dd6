/** What a client needs to reach the cluster, in the form that it takes it in. Nothing is asked but the spec, and EC2 for addresses. */
import { bootstrapAmong, libraryOf, versionOf, type ClientFormat } from "../render/client-config/client.ts";
import { renderClient } from "../render/client-config/render.ts";
import { clientLibraries, fitsOf, type Fit } from "../spec/client-versions.ts";
import { KctlError } from "../fault.ts";
import type { Context } from "./context.ts";
import { theListener, toldListeners } from "./told-listeners.ts";

export type ClientConfig = {
  readonly cluster: string;
  readonly format: ClientFormat;
  readonly bootstrap: readonly string[];
  readonly group: string;
  readonly library: { readonly name: string; readonly version: string; readonly fits: readonly Fit[] };
  readonly content: string;
};

export async function clientConfig(
  context: Context,
  options: { readonly format: ClientFormat; readonly group: string | null; readonly external: boolean },
): Promise<ClientConfig> {
  const { format } = options;
  if (options.group !== null) mustBeGroup(options.group);
  const told = await toldListeners(context);
  const { name, kafkaVersion } = told.cluster;
  const bootstrap = bootstrapAmong(theListener(told, options.external ? "external" : "clients").brokers);
  const group = options.group ?? `${name}-app`;
  const library = libraryOf[format];
  return {
    cluster: name,
    format,
    bootstrap,
    group,
    library: {
      name: clientLibraries[library].name,
      version: versionOf(library, { kafkaVersion }),
      fits: fitsOf(library, kafkaVersion),
    },
    content: renderClient(format, { cluster: name, kafkaVersion, bootstrap, group }),
  };
}

/** Kafka takes nearly any text; what is refused here would be another setting in one of the forms. */
function mustBeGroup(group: string): void {
  if (/^[\p{L}\p{N}._:/-]{1,249}$/u.test(group)) return;
  throw new KctlError({
    code: "usage",
    what: `the group ${JSON.stringify(group)} cannot stand in every form of a client's settings`,
    fix: "name a group of letters, digits and . _ : / -, at most 249 of them",
  });
}
