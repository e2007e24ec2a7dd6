/** OpenSSH's lists of patterns, as its configuration and known_hosts have them: `*`, `?`, and `!` for what is left out. */

function matchesOne(pattern: string, text: string): boolean {
  const expression = RegExp.escape(pattern)
    .replaceAll(String.raw`\*`, ".*")
    .replaceAll(String.raw`\?`, ".");
  return new RegExp(`^${expression}$`, "is").test(text);
}

/** One of them must match, and none of those with a `!`. */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  const denied = patterns.some((pattern) => pattern.startsWith("!") && matchesOne(pattern.slice(1), text));
  return !denied && patterns.some((pattern) => !pattern.startsWith("!") && matchesOne(pattern, text));
}
