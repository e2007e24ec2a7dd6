/** Runs a program of a service's own software to its end, with an environment that holds nothing of the operator's. */
import { execFile } from "node:child_process";
import { KctlError } from "../../fault.ts";

/**
 * @param argv the first is an absolute path
 * @param folder where it runs
 */
export async function runToEnd(argv: readonly string[], folder: string, signal: AbortSignal): Promise<string> {
  const [program = "", ...args] = argv;
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], LANG: "C.UTF-8" };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: folder, env, signal, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (signal.aborted) reject(signal.reason as Error);
      else {
        const name = args.at(args.indexOf("-cp") + 2) ?? program;
        const what = `${name} failed: ${error.code === undefined ? error.message.split("\n", 1)[0] : `it ended with ${error.code}`}`;
        const fix = "mend what it says, then run `kctl up` again: it goes on from here";
        reject(
          new KctlError(
            { code: "local-io", what, fix, detail: `${stdout}${stderr}`.trim().slice(-4000) },
            { cause: error },
          ),
        );
      }
    });
  });
}
