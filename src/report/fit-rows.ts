/** What is drawn anew on a terminal, as much of it as there are rows: tables give way to what must be seen. */

type Lines = readonly string[];

export type Drawn = {
  /** The first line of each stays, and of the first it is the title. What is left of the rows goes to the first of them first. */
  readonly tables: readonly Lines[];
  /** What is wrong: it gives way once nothing is left of the tables. */
  readonly wrong: Lines;
  /** What happened of late, and how to end it: it stays. */
  readonly foot: readonly Lines[];
};

/** A blank line is between each two parts that have lines. */
export function fitRows({ tables, wrong, foot }: Drawn, rows: number): Lines {
  const parts = [...tables, wrong, ...foot].filter((part) => part.length > 0).length;
  const giving = [wrong, ...tables];
  let spare = rows - Math.max(0, parts - 1) - foot.flat().length - giving.reduce((sum, part) => sum + least(part), 0);
  const [shownWrong = [], ...shownTables] = giving.map((part) => {
    const more = Math.max(0, Math.min(spare, part.length - least(part)));
    spare -= more;
    return shortened(part, least(part) + more);
  });
  const lines = [...shownTables, shownWrong, ...foot]
    .filter((part) => part.length > 0)
    .flatMap((part, index) => (index === 0 ? part : ["", ...part]));
  // Fewer rows than even that needs: the title, and how to end it.
  return lines.length <= rows ? lines : [...lines.slice(0, 1), ...lines.slice(lines.length - Math.max(1, rows - 1))];
}

/** One line, and the one that says how many are left out. */
const least = ({ length }: Lines): number => Math.min(length, 2);

function shortened(lines: Lines, rows: number): Lines {
  return lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `and ${lines.length - rows + 1} lines more`];
}
