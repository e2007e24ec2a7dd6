/** docs/faults.md as data and back: each row is a test that has passed. */
import { notYet, sections } from "./numbers.ts";

/** `file` is the test's, from the root on. */
export type Row = {
  readonly number: number;
  readonly injected: string;
  readonly outcome: string;
  readonly file: string;
};

const head = `# Faults that kctl lives through

Each row is a test that injects the fault and asserts the outcome; its number is that of the project's list of faults. After a fault
of a cluster the same test sees that the next \`up\` converges, that a \`plan\` after it is empty, that \`destroy\` leaves what was there
before, and that no secret lies in a log, a receipt or an argument list.
This page is written by the tests themselves (\`npm run faults\`), and a test run that finds it out of date fails.
`;

const cell = (text: string): string => text.replaceAll("|", "\\|");

function line({ number, injected, outcome, file }: Row): string {
  return `| ${number} | ${cell(injected)} | ${cell(outcome)} | [${file.slice("test/".length)}](../${file}) |`;
}

export function pageOf(rows: readonly Row[]): string {
  const text = (number: number, meaning: string): string => {
    const own = rows
      .filter((row) => row.number === number)
      .map(line)
      .toSorted();
    // A test of two kinds of hosts is one row.
    if (own.length > 0) return [...new Set(own)].join("\n");
    const why = (notYet as Readonly<Record<number, string>>)[number] ?? "no test yet";
    return `| ${number} | ${cell(meaning)} | ${cell(why)} | |`;
  };
  const tables = sections.map(({ title, faults }) => {
    const lines = Object.entries(faults).map(([number, meaning]) => text(Number(number), meaning));
    return `\n## ${title}\n\n| fault | what is done | what comes of it | test |\n| --- | --- | --- | --- |\n${lines.join("\n")}\n`;
  });
  return head + tables.join("");
}

export function rowsOf(page: string): readonly Row[] {
  return page.split("\n").flatMap((text): readonly Row[] => {
    const match = /^\| (\d+) \| (.*) \| (.*) \| \[.*\]\(\.\.\/(.*)\) \|$/.exec(text);
    if (match === null) return [];
    const [, number = "", injected = "", outcome = "", file = ""] = match;
    const plain = (cell: string): string => cell.replaceAll("\\|", "|");
    return [{ number: Number(number), injected: plain(injected), outcome: plain(outcome), file }];
  });
}

/**
 * @param seen the rows of every file that was run whole, by file
 * @param exists whether a file is still there: the rows of one that is not go away
 */
export function withRows(
  page: string,
  seen: ReadonlyMap<string, readonly Row[]>,
  exists: (file: string) => boolean,
): string {
  const kept = rowsOf(page).filter(({ file }) => !seen.has(file) && exists(file));
  return pageOf([...kept, ...[...seen.values()].flat()]);
}
