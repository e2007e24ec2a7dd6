/** The records that the look's script prints: a line with tabs, and below it lines without any. Pure. */

export type Record = {
  /** After its kind. */
  readonly fields: readonly string[];
  readonly lines: readonly string[];
  /** Where its lines are base64. */
  readonly bytes: () => Buffer;
};

/** Those of a kind, in order. */
export type Records = (kind: string) => readonly Record[];

/** null: the last of them is not the end. */
export function recordsIn(text: string): Records | null {
  const all: { kind: string; fields: string[]; lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    const [kind = "", ...fields] = line.split("\t");
    if (fields.length > 0) all.push({ kind, fields, lines: [] });
    else all.at(-1)?.lines.push(line);
  }
  const last = all.at(-1);
  if (last?.kind !== "end" || last.lines.join("") !== "") return null;
  const byKind = Map.groupBy(
    all.map(({ kind, fields, lines }) => ({
      kind,
      fields,
      lines: lines.at(-1) === "" ? lines.slice(0, -1) : lines,
      bytes: () => Buffer.from(lines.join(""), "base64"),
    })),
    ({ kind }) => kind,
  );
  return (kind) => byKind.get(kind) ?? [];
}
