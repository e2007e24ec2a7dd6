/** Turns a verdict that is not "done" into a fault that says what is wrong where on which host, and what to do. */
import { KctlError, type Fault } from "../../fault.ts";
import type { Operation, Verdict } from "./operation.ts";
import { hostStopping } from "./script.ts";

const again = "then run the same command again: it goes on from here";

type Said = { readonly what: string; readonly fix: string; readonly where?: string };

/** What a script itself refused: `kctl KIND PATH FOUND WANTED`, with tabs. */
function refusal(stderr: string, doing: string): Said | null {
  const line = stderr.split("\n").find((each) => each.startsWith("kctl\t"));
  if (line === undefined) return null;
  const [, kind = "", path = "", found = "", wanted = ""] = line.split("\t");
  switch (kind) {
    case "way":
      return {
        where: path,
        what: `${path} is ${found}, where kctl needs ${wanted}`,
        fix: "move it away, then run the same command again; kctl neither writes through it nor deletes it",
      };
    case "owner":
      return {
        where: path,
        what: `${path} belongs to ${found}: kctl works only in folders of root and of the servers' user`,
        fix: `see who made it; where it is right, \`chown root ${path}\`, ${again}`,
      };
    case "folder":
      return {
        where: path,
        what: `cannot ${doing}: its folder is not there`,
        fix: "run the same command again: it makes the folder first",
      };
    case "damaged":
      return {
        where: path,
        what: `${path} was not written as it was sent`,
        fix: `see whether the disk is well (\`dmesg\`), ${again}`,
      };
    case "immutable":
      return {
        where: path,
        what: `cannot ${doing}: ${path} is marked as immutable`,
        fix: `\`chattr -i ${path}\` on the host lifts that, ${again}`,
      };
    case "space":
      return {
        where: path,
        what: `no space is left to ${doing}: it takes at least ${megabytes(found)}, and ${megabytes(wanted)} are free in ${path}`,
        fix: `free some space or inodes (\`df -h ${path}\` and \`df -i ${path}\` show them), ${again}`,
      };
    default:
      return { what: `cannot ${doing}: ${kind}`, fix: `see what is there, ${again}`, where: path };
  }
}

/** By what the system's tools say in the C locale. */
function explain(stderr: string, doing: string): Said | null {
  if (/No space left on device|Disk quota exceeded/.test(stderr))
    return {
      what: `no space is left to ${doing}`,
      fix: `free some space or inodes (\`df -h\` and \`df -i\` show them), ${again}`,
    };
  if (stderr.includes("Read-only file system"))
    return { what: `cannot ${doing}: the file system is read-only`, fix: `mount it writable, ${again}` };
  if (stderr.includes("Operation not permitted"))
    return {
      what: `cannot ${doing}: the system does not permit it, not even to root`,
      fix: `\`lsattr\` shows whether it is marked as immutable, which \`chattr -i\` lifts; ${again}`,
    };
  if (stderr.includes("Input/output error"))
    return { what: `cannot ${doing}: the disk reports an error`, fix: `see \`dmesg\` on the host, ${again}` };
  return null;
}

export function faultOfVerdict(operation: Operation<unknown>, verdict: Verdict, node: string): Error {
  if (verdict.code === hostStopping) return stopping(operation, verdict, node);
  const own = operation.failed?.(verdict, node) ?? null;
  if (own !== null) return own;
  const { doing, about } = operation;
  const { stderr, code } = verdict;
  const plain = refusal(stderr, doing) ??
    explain(stderr, doing) ?? {
      what: `cannot ${doing}: ${firstLine(stderr) ?? `the script ended with ${code}`}`,
      fix: `mend what it says, ${again}`,
    };
  const fault: Fault = { code: "host-io", node, ...(about === undefined ? {} : { where: about }), ...plain };
  const detail = stderr.trim();
  return new KctlError(detail === "" || detail.startsWith("kctl\t") ? fault : { ...fault, detail });
}

function stopping({ doing, about }: Operation<unknown>, { stderr }: Verdict, node: string): KctlError {
  const detail = stderr.trim();
  return new KctlError({
    code: "host-stopping",
    node,
    ...(about === undefined ? {} : { where: about }),
    what: `cannot ${doing}: ${node} shuts down or reboots`,
    fix: `wait until it is up, ${again}`,
    ...(detail === "" ? {} : { detail }),
  });
}

export function firstLine(text: string): string | null {
  return text.trim().split("\n")[0] || null;
}

/** Of a number of KiB. */
function megabytes(kibibytes: string): string {
  return `${Math.ceil(Number(kibibytes) / 1024)} MiB`;
}
