/** The provider that a spec names. A new one is a folder and a line here. */
import { KctlError } from "../fault.ts";
import type { Spec } from "../spec/schema.ts";
import { localProvider } from "./local/local-provider.ts";
import type { Provider } from "./provider.ts";

/** @param folder the spec's own: relative paths in it start there */
export function openProvider(spec: Spec, folder: string): Provider {
  switch (spec.provider.type) {
    case "local":
      return localProvider(spec.name, spec.provider, folder);
    case "ssh":
    case "aws":
      throw new KctlError({
        code: "not-built",
        what: `provider ${spec.provider.type} is not built yet`,
        fix: "use `provider: { type: local }`",
      });
  }
}
