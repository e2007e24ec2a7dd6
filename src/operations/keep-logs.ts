/** Brings the servers' logs here, an archive a server, before they are removed where they lie. */
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { once } from "node:events";
import { KctlError } from "../fault.ts";
import { quoted } from "../hosts/ssh/quote.ts";
import type { Member } from "../cluster/cluster.ts";
import type { Provider } from "../providers/provider.ts";
import type { Context } from "./context.ts";

/** @returns the archives that were written; throws where one could not be had, before anything is removed */
export async function keepLogs(
  members: readonly Member[],
  folder: string,
  provider: Provider,
  { cwd, signal }: Context,
): Promise<readonly string[]> {
  const to = resolve(cwd, folder);
  await mkdir(to, { recursive: true });
  return Promise.all(
    members.map(async ({ node, role, folders }) => {
      const path = join(to, `${node}-${role}.tar.gz`);
      const part = `${path}.part`;
      const file = createWriteStream(part, { mode: 0o600 });
      await once(file, "open");
      try {
        // In base64: what a shell prints is text. Pieces of it come as they come.
        let rest = "";
        const take = (chunk: string): void => {
          const text = rest + chunk.replaceAll("\n", "");
          const whole = text.length - (text.length % 4);
          rest = text.slice(whole);
          file.write(Buffer.from(text.slice(0, whole), "base64"));
        };
        const { code, stderr } = await provider
          .shell(node)
          .run(`cd ${quoted(folders.log)} 2>/dev/null || exit 44\ntar czf - . | base64`, { signal, onStdout: take });
        file.end(Buffer.from(rest, "base64"));
        await once(file, "close");
        if (code !== 0 && code !== 44) throw notBrought(`${node}/${role}`, stderr);
        await (code === 44 ? rm(part) : rename(part, path));
        return code === 44 ? [] : [path];
      } finally {
        file.destroy();
        await rm(part, { force: true });
      }
    }),
  ).then((paths) => paths.flat());
}

function notBrought(member: string, stderr: string): KctlError {
  return new KctlError({
    code: "host-io",
    what: `the logs of ${member} could not be brought here; nothing was removed`,
    fix: "see what it says; or run it again without --keep-logs",
    ...(stderr.trim() === "" ? {} : { detail: stderr.trim() }),
  });
}
