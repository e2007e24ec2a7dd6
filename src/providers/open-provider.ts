/** The provider that a spec names. A new one is a folder and a line here, and one in platform.ts. */
import { KctlError } from "../fault.ts";
import type { Spec } from "../spec/schema.ts";
import { localProvider } from "./local/local-provider.ts";
import type { Provider, Surroundings } from "./provider.ts";

/** @param folder the spec's own: relative paths in it start there */
export async function openProvider(spec: Spec, folder: string, around: Surroundings): Promise<Provider> {
  switch (spec.provider.type) {
    case "local":
      return localProvider(spec.name, spec.provider, folder);
    case "ssh": {
      const { sshProvider } = await import("./ssh/ssh-provider.ts");
      return sshProvider(spec, spec.provider, folder, around);
    }
    case "aws": {
      const { awsProvider } = await import("./aws/aws-provider.ts");
      return awsProvider(spec, spec.provider, folder, around);
    }
    case "external":
      throw new KctlError({
        code: "not-managed",
        what: `${spec.name} is a cluster that kctl does not manage (\`type: external\`), and this command needs its machines`,
        fix: "with it work the commands that only speak with Kafka: `kctl status`, `kctl topics list` and `describe`, `kctl produce`, `kctl consume`, `kctl lag`, `kctl offsets reset`; and `kctl validate`",
      });
  }
}
