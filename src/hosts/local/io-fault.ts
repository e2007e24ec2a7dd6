/** Turns what the file system answers into a fault that says what is wrong with which path, and what to do. */
import type { Stats } from "node:fs";
import { KctlError } from "../../fault.ts";

export function errnoOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** What lies at a path, as people would say it: "PATH is a symbolic link". */
export function kindOf(stats: Stats): string {
  if (stats.isFile()) return "a file";
  if (stats.isDirectory()) return "a folder";
  if (stats.isSymbolicLink()) return "a symbolic link";
  if (stats.isSocket()) return "a socket";
  if (stats.isFIFO()) return "a named pipe";
  return "a device";
}

export function inTheWay(path: string, found: string, wanted: string): KctlError {
  return new KctlError({
    code: "local-io",
    where: path,
    what: `${path} is ${found}, where kctl needs ${wanted}`,
    fix: "move it away, then run the same command again; kctl neither writes through it nor deletes it",
  });
}

const again = "then run the same command again: it goes on from here";

function explain(errno: string, doing: string, path: string): { what: string; fix: string } | null {
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT":
      return {
        what: `no space is left to ${doing} ${path}`,
        fix: `free some space or inodes (\`df -h\` and \`df -i\` show them), ${again}`,
      };
    case "EROFS":
      return { what: `cannot ${doing} ${path}: the file system is read-only`, fix: `mount it writable, ${again}` };
    case "EACCES":
    case "EPERM":
      return {
        what: `cannot ${doing} ${path}: this user may not`,
        fix: `give this user the right to (\`ls -ld\` shows who has it), ${again}`,
      };
    case "EMFILE":
    case "ENFILE":
      return {
        what: `cannot ${doing} ${path}: too many files are open`,
        fix: `raise the limit (\`ulimit -n\`), ${again}`,
      };
    default:
      return null;
  }
}

/**
 * Runs `work`, which does `doing` ("write", "remove") to `path`; an error of the system becomes a fault.
 * Faults and interruptions pass as they are.
 */
export async function withIoFaults<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const errno = errnoOf(error);
    if (error instanceof KctlError || errno === null || !(error instanceof Error) || !("syscall" in error)) throw error;
    const plain = explain(errno, doing, path) ?? {
      what: `cannot ${doing} ${path}: ${error.message}`,
      fix: `see what is there (\`ls -ld\`), ${again}`,
    };
    throw new KctlError({ code: "local-io", where: path, ...plain }, { cause: error });
  }
}
