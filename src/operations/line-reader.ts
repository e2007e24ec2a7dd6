/** Whole lines out of the pieces in which a stream comes. */

export type LineReader = {
  readonly take: (chunk: string) => void;
  /** What came after the last end of line, if anything. */
  readonly end: () => void;
};

export function lineReader(onLine: (line: string) => void): LineReader {
  let rest = "";
  return {
    take: (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    },
    end: () => {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}
