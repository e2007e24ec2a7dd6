/** Looks at something again and again and shows it, until `q` or Ctrl-C. */
import { setTimeout as delay } from "node:timers/promises";
import { screenOn } from "../report/screen.ts";
import { cut } from "../report/width.ts";
import { roomOf, surfaceOf } from "./reporter-for.ts";

export type Watched<Seen> = { readonly last: Seen; readonly interrupted: boolean };

export async function watch<Seen>(
  look: () => Promise<Seen>,
  show: (seen: Seen) => void,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<Watched<Seen>> {
  const quit = new AbortController();
  const release = onKeys(quit);
  const over = AbortSignal.any([signal, quit.signal]);
  let last: Seen | null = null;
  try {
    for (;;) {
      const seen = await look().catch((error: unknown) => {
        if (over.aborted && last !== null) return last;
        throw error;
      });
      // What was asked while it was told to stop, was not answered.
      if (over.aborted && last !== null) return { last, interrupted: signal.aborted };
      signal.throwIfAborted();
      last = seen;
      show(seen);
      await delay(seconds * 1000, undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) return { last, interrupted: signal.aborted };
    }
  } finally {
    release();
  }
}

/** `q` ends it. While keys are read one by one, Ctrl-C is one of them. */
function onKeys(quit: AbortController): () => void {
  const { stdin } = process;
  if (!stdin.isTTY || !process.stdout.isTTY) return () => undefined;
  const onData = (keys: Buffer): void => {
    if (keys.includes("\x03")) process.emit("SIGINT");
    else if (keys.includes("q")) quit.abort();
  };
  stdin.setRawMode(true);
  stdin.on("data", onData);
  return () => {
    stdin.off("data", onData);
    stdin.setRawMode(false);
    stdin.pause();
  };
}

/** Draws a text in place, as much of it as there are rows. */
export function redrawing(stream: NodeJS.WriteStream): {
  readonly draw: (text: string) => void;
  readonly clear: () => void;
} {
  const screen = screenOn(surfaceOf(stream));
  let shown = "";
  const draw = (text: string): void => {
    shown = text;
    const { columns, rows } = roomOf(stream);
    const lines = text.split("\n").map((line) => cut(line, columns - 1));
    const left = lines.length - (rows - 1);
    screen.draw(left > 0 ? [...lines.slice(0, rows - 2), `and ${left + 1} lines more`] : lines);
  };
  const again = (): void => draw(shown);
  stream.on("resize", again);
  process.once("exit", screen.clear);
  return {
    draw,
    clear: () => {
      stream.off("resize", again);
      screen.clear();
    },
  };
}
