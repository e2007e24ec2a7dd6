/** Text of a Java properties file, escaped so that java.util.Properties reads back exactly what went in. */

/** A line of a file that kctl renders, and the key of the spec that it comes from (null: kctl's own). */
export type Setting = { readonly key: string; readonly value: string; readonly from: string | null };

const named: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", "\\": "\\\\" };

function escape(text: string, special: RegExp): string {
  return text.replaceAll(special, (character) => {
    const code = character.charCodeAt(0);
    // The file is read as ISO 8859-1: anything else goes as \uXXXX, surrogates one by one.
    return (
      named[character] ?? (code < 0x20 || code > 0x7e ? `\\u${code.toString(16).padStart(4, "0")}` : `\\${character}`)
    );
  });
}

function propertyKey(key: string): string {
  return escape(key, /[^\x21-\x7e]|[\\:=#!]/g);
}

export function propertyValue(value: string): string {
  return escape(value, /[^\x20-\x7e]|\\|^ /g);
}

/** Settings in the order given; a key that stands twice keeps its place and takes the later value. */
export function properties(comment: string, settings: readonly Setting[]): string {
  const last = new Map(settings.map((setting) => [setting.key, setting]));
  const lines = [...last.values()].map(({ key, value }) => `${propertyKey(key)}=${propertyValue(value)}`);
  return `# ${comment}\n${lines.join("\n")}\n`;
}

/** Where the lines come from, for those that the spec's writer wrote. */
export function originsOf(settings: readonly Setting[]): Readonly<Record<string, string>> {
  return Object.fromEntries(settings.flatMap(({ key, from }) => (from === null ? [] : [[propertyKey(key), from]])));
}
