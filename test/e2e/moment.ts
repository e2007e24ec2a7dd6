/** A moment in the life of a command: when it has told a certain line. */
import { start, type Ended, type Line, type Place, type Run } from "./kctl.ts";

/** The `nth` line (the first one, where not given) of this type whose key (of a check: its name) is one of these. */
export type Moment = { readonly type: string; readonly key: RegExp; readonly nth?: number };

/** Resolves as soon as the line is there, or the command has ended. */
export async function reached({ child, ended }: Run, { type, key, nth = 1 }: Moment): Promise<void> {
  const told = new Promise<void>((resolve) => {
    let rest = "";
    let seen = 0;
    child.stdout?.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      seen += lines.filter((line) => {
        const { type: is, ...more } = JSON.parse(line) as Line;
        return is === type && key.test(String(more["key"] ?? more["name"]));
      }).length;
      if (seen >= nth) resolve();
    });
  });
  await Promise.race([told, ended]);
}

/** Sends the signal to a first `up` at that moment; resolves when it has ended. */
export async function stopAt(
  place: Place,
  moment: Moment,
  signal: NodeJS.Signals,
  ...options: readonly string[]
): Promise<Ended> {
  const run = start(place, "up", "--json", ...options);
  await reached(run, moment);
  run.child.kill(signal);
  return run.ended;
}
