/** Text of a Java properties file, escaped so that java.util.Properties reads back exactly what went in. */

/** A line of a file that kctl renders. */
export type Setting = {
  readonly key: string;
  readonly value: string;
  /** The section of the spec that it stands in, such as `kafka.config`; null: kctl's own. */
  readonly section: string | null;
};

const named: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", "\\": "\\\\" };

const unnamed: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

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

/** What was written into a line of `properties` as its value. */
export function valueOfLine(line: string): string {
  const value = line.replace(/^(\\.|[^\\=])*=/, "");
  return value.replaceAll(/\\u([0-9a-f]{4})|\\(.)/g, (_, code: string | undefined, character: string = "") =>
    code === undefined ? (unnamed[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** The comment that stands above what comes from a section of the spec: it tells the next run why a line is there. */
export function sectionLine(section: string): string {
  return `# ${section}`;
}

/** Of a key that stands twice the later value holds. */
function lastOfEach(settings: readonly Setting[]): readonly Setting[] {
  return [...new Map(settings.map((setting) => [setting.key, setting])).values()];
}

function settingLine({ key, value }: Setting): string {
  return `${propertyKey(key)}=${propertyValue(value)}`;
}

/** Settings in the order given, kctl's own before those of each section of the spec. */
export function properties(comment: string, settings: readonly Setting[]): string {
  const bySection = Map.groupBy(lastOfEach(settings), ({ section }) => section);
  const lines = [...bySection]
    .toSorted(([one], [other]) => Number(one !== null) - Number(other !== null))
    .flatMap(([section, its]) => [...(section === null ? [] : [sectionLine(section)]), ...its.map(settingLine)]);
  return [`# ${comment}`, ...lines, ""].join("\n");
}

/** What a server makes of them: the same wherever in the spec they stand. */
export function bareProperties(settings: readonly Setting[]): string {
  return lastOfEach(settings).map(settingLine).toSorted().join("\n");
}
