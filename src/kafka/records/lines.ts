/** Cuts what comes in pieces into lines, as bytes: each line is handed over where it lies, without a copy unless it lies in two pieces. */

/** A line without its end, from `start` to `end` of `bytes`. */
export type OnLine = (bytes: Buffer, start: number, end: number) => void;

export type LineCutter = {
  readonly take: (chunk: Buffer) => void;
  /** What came after the last end of line, if anything. */
  readonly end: () => void;
  /** How long the line is that has begun and not ended. */
  readonly pending: () => number;
};

const newline = 10;

export function lineCutter(onLine: OnLine): LineCutter {
  let begun: Buffer[] = [];
  let pending = 0;
  const complete = (last: Buffer): void => {
    const line = Buffer.concat([...begun, last]);
    begun = [];
    pending = 0;
    onLine(line, 0, line.length);
  };
  return {
    pending: () => pending,
    take: (chunk) => {
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        if (pending > 0) complete(chunk.subarray(start, end));
        else onLine(chunk, start, end);
        start = end + 1;
      }
      if (start === chunk.length) return;
      begun.push(chunk.subarray(start));
      pending += chunk.length - start;
    },
    end: () => {
      if (pending > 0) complete(Buffer.alloc(0));
    },
  };
}
