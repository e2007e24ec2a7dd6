/** A shell on this machine, as the user who runs kctl. */
import { execFile } from "node:child_process";
import type { Shell } from "../ssh/shell.ts";

export function localShell(node: string): Shell {
  return {
    node,
    run: (script, { signal, input, onStdout }) =>
      new Promise((resolve, reject) => {
        const child = execFile(
          "sh",
          input === undefined ? ["-s"] : ["-c", script],
          { signal, maxBuffer: 64 * 1024 * 1024 },
          (error, stdout, stderr) => {
            if (signal.aborted) return reject(signal.reason as Error);
            const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
            resolve({ code, stdout, stderr });
          },
        );
        if (onStdout !== undefined) child.stdout?.on("data", (chunk: string) => onStdout(chunk));
        // It may end before it has read all.
        child.stdin?.on("error", () => undefined);
        if (input === undefined) child.stdin?.end(script);
        else if (Buffer.isBuffer(input)) child.stdin?.end(input);
        else if (child.stdin !== null) input.pipe(child.stdin);
      }),
  };
}
