/** A word of a command that is printed to be pasted: quoted where a shell would read something else. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A path in such a command: from `~` on where it lies in the user's home. */
export function shellPath(path: string, home: string): string {
  const rest = path.startsWith(`${home}/`) ? path.slice(home.length + 1) : null;
  return rest === null || shellWord(rest) !== rest ? shellWord(path) : `~/${rest}`;
}
