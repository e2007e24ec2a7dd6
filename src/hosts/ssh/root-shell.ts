/** The shell that scripts run in: root's, in a locale that every system has. */
import type { SshTarget } from "./target.ts";

export function rootShell({ user }: SshTarget): string {
  return user === "root" ? "env LC_ALL=C sh" : "env LC_ALL=C sudo -n -- sh";
}
