/** The shell that a service is until kctl says go: it carries the service's whole command, its mark too. */
import { hasArgument, type CommandLine } from "./processes.ts";

/** If kctl dies before it gives the word, descriptor 3 ends, and with it the shell. */
const script = 'read -r word <&3 && [ "$word" = go ] || exit 1; exec "$@" 3<&-';

export const launcher = {
  program: "/bin/sh",
  word: "go\n",
  argumentsFor: (argv: readonly string[]): readonly string[] => ["-c", script, "sh", ...argv],
} as const;

/** Not the service yet: it is about to be, or to end. */
export function isLauncher(command: CommandLine): boolean {
  return hasArgument(command, script);
}
