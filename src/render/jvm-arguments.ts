/** Text of a file of JVM arguments (`java @FILE`), one a line, each quoted as the launcher reads it. */

/**
 * Source of the quoting rules: the java command's manual, "java Command-Line Argument Files": inside double quotes a
 * backslash escapes, and white space and `#` are ordinary.
 */
function jvmArgument(argument: string): string {
  if (/^[A-Za-z0-9@%_+=:,./*-]+$/.test(argument)) return argument;
  return `"${argument.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

export function jvmArguments(lines: readonly string[]): string {
  return `${lines.map(jvmArgument).join("\n")}\n`;
}
