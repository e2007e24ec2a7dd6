/** The last lines of a server's logs that say why it does not run; empty where they say nothing. Pure. */

export function meaningfulLines(consoleText: string, logText: string): string {
  return (
    [consoleText, logText].map((text) => text.trimEnd().split("\n").slice(-5).join("\n")).find((text) => text !== "") ??
    ""
  );
}
