/** The history of a cluster on its machines: every one has it, and one that was away lacks some of it. */
import { KctlError, faultsOf } from "../../fault.ts";
import { entryText, mergeHistories, shownEntries, type History, type HistoryEntry } from "../history.ts";
import { mountUnitName } from "../../render/mount-unit.ts";
import { quoted } from "./quote.ts";
import type { Shell } from "./shell.ts";

export function historyPath(cluster: string): string {
  return `/var/lib/kctl/${cluster}/history.jsonl`;
}

/** Lines of a script that write it down; where the cluster's folder is not there (any more), or its data volume is not mounted there, they do nothing. */
export function historyLines(cluster: string, entry: HistoryEntry): string {
  const rest = entryText(entry).slice(1);
  const path = historyPath(cluster);
  const folder = quoted(path.slice(0, path.lastIndexOf("/")));
  const file = quoted(path);
  const unit = quoted(`/etc/systemd/system/${mountUnitName(path.slice(0, path.lastIndexOf("/")))}`);
  return `
if [ -d ${folder} ] && [ ! -L ${folder} ] && [ ! -L ${file} ] && { [ ! -e ${unit} ] || mountpoint -q ${folder}; }; then
  [ -e ${file} ] || (umask 027; : >>${file})
  # The end of a line that a power cut took stays apart from this one.
  [ -z "$(tail -c 1 ${file})" ] || echo >>${file}
  printf '{"at":"%s",%s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" ${quoted(rest)} >>${file}
fi`.trim();
}

/** On all of them; throws where it could be written on none. */
export async function appendHistory(
  shells: readonly Shell[],
  cluster: string,
  entry: HistoryEntry,
  signal: AbortSignal,
): Promise<void> {
  const script = `set -u\n${historyLines(cluster, entry)}\n`;
  const written = await Promise.allSettled(shells.map(async (shell) => appendOn(shell, cluster, script, signal)));
  const failures = written.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (failures.length === shells.length) throw new KctlError(failures.flatMap(faultsOf));
}

async function appendOn(shell: Shell, cluster: string, script: string, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await shell.run(script, { signal });
  if (code !== 0) throw cannot("written", shell, cluster, stderr);
}

/** Of all hosts together: one that was away then lacks what the others have. */
export async function readHistory(shells: readonly Shell[], cluster: string, signal: AbortSignal): Promise<History> {
  const asked = await Promise.allSettled(shells.map(async (shell) => readOn(shell, cluster, signal)));
  signal.throwIfAborted();
  const missed = asked.flatMap((one, at) =>
    one.status === "rejected" ? [{ node: shells[at]?.node ?? "", error: one.reason as unknown }] : [],
  );
  const texts = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return { entries: mergeHistories(texts), missed };
}

async function readOn(shell: Shell, cluster: string, signal: AbortSignal): Promise<string> {
  const path = historyPath(cluster);
  const file = quoted(path);
  const script = `[ ! -f ${file} ] || [ -L ${file} ] || tail -n ${shownEntries} ${file}\n`;
  const { code, stdout, stderr } = await shell.run(script, { signal });
  if (code === 0) return stdout;
  throw cannot("read", shell, cluster, stderr);
}

function cannot(what: "read" | "written", { node }: Shell, cluster: string, stderr: string): KctlError {
  return new KctlError({
    code: "host-io",
    node,
    where: historyPath(cluster),
    what: `the history on ${node} cannot be ${what}`,
    fix: "see what is wrong with that file",
    ...(stderr.trim() === "" ? {} : { detail: stderr.trim() }),
  });
}
