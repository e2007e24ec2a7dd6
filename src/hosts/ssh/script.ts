/** Many operations as one script, each with a verdict of its own; and the verdicts, read from what it prints. */
import type { Operation, Verdict } from "./operation.ts";
import { prelude } from "./prelude.ts";
import { quoted } from "./quote.ts";

/** Lines that a script begins with, which end it with this where the lock was lost. */
export const lockLost = 97;

/** The verdict on what failed while the host shuts down: whatever it says, that is why. */
export const hostStopping = 96;

export type ScriptOptions = {
  readonly fence: string;
  /** The servers' user. */
  readonly user: string;
  /** A word that nothing else prints: verdicts are told from output by it. */
  readonly token: string;
};

type AnyOperation = Operation<unknown>;

/** Leaves out what a later operation of the script settles as well. */
export function withoutRepeats<O extends Pick<AnyOperation, "settles" | "uses">>(operations: readonly O[]): O[] {
  return operations.filter(({ settles }, index) => settles === undefined || !isSettledLater(operations, index));
}

function isSettledLater(operations: readonly Pick<AnyOperation, "settles" | "uses">[], index: number): boolean {
  const name = operations[index]?.settles;
  for (const later of operations.slice(index + 1)) {
    if (later.settles === name) return true;
    if (later.uses === name) return false;
  }
  return false;
}

/** In braces: a shell that reads only a part of it, since the connection was cut, does none of it. */
export function scriptOf(operations: readonly Pick<AnyOperation, "lines" | "input">[], options: ScriptOptions): string {
  const { fence, user, token } = options;
  return [
    "{",
    prelude(user),
    fence,
    `token=${quoted(token)}`,
    ...operations.flatMap(({ lines, input }, index) => [
      `work() {\n${lines}\n}`,
      framed(index, input === undefined ? " </dev/null" : ""),
    ]),
    "exit 0",
    "}",
    "",
  ].join("\n");
}

/** Its output passes through; what it says on standard error is kept apart without a file. */
function framed(index: number, input: string): string {
  return [
    `{ said=$(work 2>&1 >&3 3>&-${input}); code=$?; } 3>&1`,
    `[ "$code" = 0 ] || ! going_down || code=${hostStopping}`,
    String.raw`printf '\n%s ${index} err %s\n%s\n%s ${index} end\n' "$token" "$code" "$said" "$token"`,
  ].join("\n");
}

/** Takes what the script prints as it comes, and gives each verdict once it is complete. */
export function verdictReader(
  token: string,
  onVerdict: (index: number, verdict: Verdict) => void,
): (chunk: string) => void {
  let text = "";
  let next = 0;
  let searched = 0;
  return (chunk) => {
    text += chunk;
    for (;;) {
      const mark = `\n${token} ${next} end\n`;
      const end = text.indexOf(mark, searched);
      if (end === -1) {
        searched = Math.max(0, text.length - mark.length);
        return;
      }
      onVerdict(next, verdictIn(text.slice(0, end), token, next));
      text = text.slice(end + mark.length);
      next += 1;
      searched = 0;
    }
  };
}

function verdictIn(frame: string, token: string, index: number): Verdict {
  const mark = `\n${token} ${index} err `;
  const middle = frame.indexOf(mark);
  const line = frame.indexOf("\n", middle + 1);
  return {
    stdout: frame.slice(0, middle),
    code: Number(frame.slice(middle + mark.length, line)),
    stderr: frame.slice(line + 1),
  };
}
