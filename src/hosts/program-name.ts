/** Names a process for people: its program, and for Java what it runs. Never its arguments, which may hold secrets. */

const takesValue = new Set([
  "-cp",
  "-classpath",
  "--class-path",
  "-p",
  "--module-path",
  "--upgrade-module-path",
  "--add-modules",
  "--add-opens",
  "--add-exports",
  "--add-reads",
  "--enable-native-access",
]);

/** @param argv the whole command, the program first */
export function programName(program: string, argv: readonly string[]): string {
  const plain = printable(program);
  if (plain !== "java") return plain;
  const what = javaTarget(argv.slice(1));
  return what === null ? plain : `${plain} ${printable(what)}`;
}

/** The main class, `-jar FILE` or `-m MODULE/CLASS` of a java command. */
function javaTarget(args: readonly string[]): string | null {
  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] ?? "";
    if (argument === "-jar") return args[at + 1]?.split("/").at(-1) ?? null;
    if (argument === "-m" || argument === "--module") return args[at + 1] ?? null;
    if (takesValue.has(argument)) at += 1;
    else if (!argument.startsWith("-") && !argument.startsWith("@"))
      return /^[\w$]+(\.[\w$]+)*$/.test(argument) ? argument : null;
  }
  return null;
}

function printable(name: string): string {
  // A process may call itself anything.
  return name.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?").slice(0, 80);
}
