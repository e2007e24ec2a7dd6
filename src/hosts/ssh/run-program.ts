/** Runs a program of a service's own software to its end, as the servers' user, with nothing of root's environment. */
import { KctlError } from "../../fault.ts";
import { firstLine } from "./host-fault.ts";
import type { Operation } from "./operation.ts";
import { quoted } from "./quote.ts";

/** @param argv the first is an absolute path */
export function runProgram(argv: readonly string[], folder: string): Operation<string> {
  const [program = "", ...args] = argv;
  // Of Java, its main class.
  const name = args.includes("-cp") ? (args[args.indexOf("-cp") + 2] ?? program) : program;
  return {
    doing: `run ${name}`,
    about: program,
    lines: `
cd ${quoted(folder)} || exit 1
umask 027
set -- env -i PATH="$PATH" HOME=/nonexistent LANG=C.UTF-8 ${argv.map(quoted).join(" ")}
if command -v setpriv >/dev/null; then exec setpriv --reuid="$service" --regid="$service" --init-groups -- "$@"; fi
if command -v runuser >/dev/null; then exec runuser -u "$service" -- "$@"; fi
exec su -s /bin/sh "$service" -c 'exec "$@"' sh "$@"`.trim(),
    read: (stdout) => stdout,
    failed: ({ code, stdout, stderr }, node) =>
      new KctlError({
        code: "host-io",
        node,
        where: program,
        what: `${name} failed: ${firstLine(stderr) ?? `it ended with ${code}`}`,
        fix: "mend what it says, then run `kctl up` again: it goes on from here",
        detail: `${stdout}${stderr}`.trim().slice(-4000),
      }),
  };
}
