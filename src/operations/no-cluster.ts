/** Says that there is nothing to work on. */
import { KctlError } from "../fault.ts";

export function noCluster(name: string): KctlError {
  return new KctlError({
    code: "no-cluster",
    what: `there is no cluster ${name} here`,
    fix: "run `kctl up`: it makes it",
  });
}
