/** Looks at something again and again and shows it, until `q` or Ctrl-C, or until nobody reads it any more. */
import { setTimeout as delay } from "node:timers/promises";
import { fitRows, type Drawn } from "../report/fit-rows.ts";
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
  const gone = (): void => quit.abort();
  process.stdout.on("error", gone);
  const releaseKeys = onKeys(quit);
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
    releaseKeys();
    process.stdout.off("error", gone);
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

/** Draws in place, as much as there are rows. */
export function redrawing(stream: NodeJS.WriteStream): {
  readonly draw: (drawn: Drawn) => void;
  readonly clear: () => void;
} {
  const screen = screenOn(surfaceOf(stream));
  let shown: Drawn = { tables: [], wrong: [], foot: [] };
  const draw = (drawn: Drawn): void => {
    shown = drawn;
    const { columns, rows } = roomOf(stream);
    screen.draw(fitRows(drawn, rows - 1).map((line) => cut(line, columns - 1)));
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
