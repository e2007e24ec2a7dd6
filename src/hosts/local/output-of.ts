/** Runs a small program of the system and gives what it printed. */
import { execFile } from "node:child_process";
import { KctlError } from "../../fault.ts";

/** `ps` and `lsof` exit with 1 where they find nothing: what counts is what they print. */
export async function outputOf(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null || (error.code === 1 && stderr === "")) resolve(stdout);
      else
        reject(
          new KctlError(
            {
              code: "local-io",
              what: `\`${program}\` could not be run: ${error.message.split("\n", 1)[0]}`,
              fix: `see that \`${program}\` works for this user`,
              ...(stderr === "" ? {} : { detail: stderr }),
            },
            { cause: error },
          ),
        );
    });
  });
}
