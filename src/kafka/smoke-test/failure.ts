/** The fault of a check that saw something wrong in what Kafka did. */
import { KctlError } from "../../fault.ts";

export function checkFailed(what: string, detail?: string): KctlError {
  return new KctlError({
    code: "smoke-test-failed",
    what,
    fix: "see `kctl status` and the brokers' logs, then run `kctl smoke-test` again",
    ...(detail === undefined ? {} : { detail }),
  });
}

/** "a, b, c and 4 more". */
export function someOf(all: readonly string[], most = 3): string {
  const more = all.length - most;
  return more > 0 ? `${all.slice(0, most).join(", ")} and ${more} more` : all.join(", ");
}
