/** The one way that a value gets into a shell script. */

/** As one word, whatever is in it. A NUL cannot be in a word, and no path or name holds one. */
export function quoted(text: string): string {
  if (text.includes("\0")) throw new RangeError("a word of a shell script cannot hold a NUL");
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
