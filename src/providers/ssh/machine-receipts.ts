/** A receipt that every machine of the cluster has a copy of: the newest counts, and the others follow it. */
import { setTimeout as delay } from "node:timers/promises";
import type { Platform } from "../../cluster/platform.ts";
import { KctlError, faultsOf } from "../../fault.ts";
import type { Host } from "../../hosts/host.ts";
import { historyPath } from "../../hosts/ssh/history.ts";
import { quoted } from "../../hosts/ssh/quote.ts";
import type { Shell } from "../../hosts/ssh/shell.ts";
import { parseReceipt, receiptText, withBoth, type Receipt } from "../../plan/receipt.ts";

type Copy = { readonly node: string; readonly text: string | null };

/** Once one has told a receipt, the others have so long to tell theirs; who has not by then is left out, and named. */
export type Soon = { readonly patienceMs: number; readonly leftOut: (nodes: readonly string[]) => void };

type Machine = { readonly node: string; readonly shell: Shell };

export type MachineReceipts = {
  /** Throws where there are machines and none could be asked. */
  readonly read: (soon?: Soon) => Promise<string | null>;
  /** Machines that were asked, and have another copy or none. */
  readonly behind: () => readonly string[];
  /** Whom the newest copy knows. */
  readonly nodes: () => readonly string[];
  /** Of a node that the newest copy knows. */
  readonly addressOf: (node: string) => string | null;
  readonly userOf: (node: string) => string | undefined;
  readonly write: (text: string, hostOf: (node: string) => Host) => Promise<void>;
  readonly remove: (hostOf: (node: string) => Host) => Promise<void>;
};

export function machineReceipts(
  cluster: string,
  platform: () => Platform,
  machines: () => readonly Machine[],
  signal: AbortSignal,
): MachineReceipts {
  const folderOf = (): string => platform().machine?.cluster ?? "";
  const pathOf = (): string => `${folderOf()}/receipt.json`;
  let copies: readonly Copy[] = [];
  let newest: { readonly text: string; readonly receipt: Receipt } | null = null;

  const read: MachineReceipts["read"] = async (soon) => {
    const path = pathOf();
    const { told, failures } = await askAll(machines(), (shell) => readOn(shell, path, signal), soon);
    copies = told;
    if (copies.length === 0 && failures.length > 0) {
      signal.throwIfAborted();
      throw failures.length === 1 ? failures[0] : new KctlError(failures.flatMap(faultsOf));
    }
    newest = null;
    for (const { text } of copies) {
      if (text === null) continue;
      const receipt = parseReceipt(text);
      const ahead = (receipt.revision ?? 0) - (newest?.receipt.revision ?? -1);
      if (newest === null || ahead > 0) newest = { text, receipt };
      else if (ahead === 0 && text !== newest.text) {
        const both = withBoth(newest.receipt, receipt);
        newest = { text: receiptText(both), receipt: both };
      }
    }
    return newest?.text ?? null;
  };
  return {
    read,
    behind: () => copies.filter(({ text }) => text !== (newest?.text ?? null)).map(({ node }) => node),
    nodes: () => Object.keys(newest?.receipt.machines ?? {}),
    addressOf: (node) => newest?.receipt.machines?.[node]?.address ?? null,
    userOf: (node) => newest?.receipt.machines?.[node]?.user,
    write: async (text, hostOf) => {
      const owner = { user: "root", group: "root" };
      const [folder, path] = [folderOf(), pathOf()];
      await Promise.all(
        copies.map(async ({ node }) => {
          const host = hostOf(node);
          // Asked for together, they go in one script, in this order.
          await Promise.all([
            host.makeFolder({ path: folder, mode: 0o755, owner }),
            host.writeFile({ path, mode: 0o600, owner, content: text, member: null }),
          ]);
        }),
      );
    },
    remove: async (hostOf) => {
      const path = pathOf();
      const roots = platform().machine?.roots ?? [];
      const shared = ["/etc/kctl", "/var/lib/kctl/.locks", "/var/lib/kctl", "/var/log/kctl", "/run/kctl", "/opt/kctl"];
      await Promise.all(
        copies.map(async ({ node }) => {
          const host = hostOf(node);
          await Promise.all([
            host.removeFile(historyPath(cluster)),
            host.removeFile(path),
            host.machine?.removeIfEmpty([...roots, ...shared]),
          ]);
        }),
      );
    },
  };
}

async function askAll(
  machines: readonly Machine[],
  ask: (shell: Shell) => Promise<string | null>,
  soon: Soon | undefined,
): Promise<{ readonly told: readonly Copy[]; readonly failures: readonly unknown[] }> {
  const told = new Map<string, string | null>();
  const failures = new Map<string, unknown>();
  const first = Promise.withResolvers<void>();
  const asked = machines.map(async ({ node, shell }) => {
    try {
      const text = await ask(shell);
      told.set(node, text);
      if (text !== null) first.resolve();
    } catch (error) {
      failures.set(node, error);
    }
  });
  const all = Promise.all(asked);
  if (soon === undefined) await all;
  else await Promise.race([all, first.promise.then(() => delay(soon.patienceMs, undefined, { ref: false }))]);
  const nodes = machines.map(({ node }) => node);
  const silent = nodes.filter((node) => !told.has(node) && !failures.has(node));
  if (silent.length > 0) soon?.leftOut(silent);
  return {
    told: nodes.flatMap((node) => (told.has(node) ? [{ node, text: told.get(node) ?? null }] : [])),
    failures: [...failures.values()],
  };
}

async function readOn(shell: Shell, path: string, signal: AbortSignal): Promise<string | null> {
  const file = quoted(path);
  const { code, stdout, stderr } = await shell.run(`[ -f ${file} ] && [ ! -L ${file} ] || exit 44\ncat ${file}`, {
    signal,
  });
  if (code === 44) return null;
  if (code === 0) return stdout;
  throw new KctlError({
    code: "host-io",
    node: shell.node,
    where: path,
    what: `the receipt on ${shell.node} cannot be read`,
    fix: "see what is wrong with that file",
    detail: stderr,
  });
}
