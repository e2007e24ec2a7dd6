/** Sees that a machine resolves every node's name as it was just told to, and at once: servers look each other up all the time. */
import { KctlError, type Fault } from "../fault.ts";
import { quoted } from "../hosts/ssh/quote.ts";
import type { Shell } from "../hosts/ssh/shell.ts";
import type { HostsBlock } from "../services/desired.ts";
import type { Context } from "./context.ts";

/** A file is read in a millisecond; what takes longer than this asked somebody who did not answer at once. */
const slowMs = 1000;
const patienceSeconds = 15;

/** Throws where a name is not what the block says; warns where that took long. */
export async function mustResolve(block: HostsBlock, shell: Shell, { signal, emit }: Context): Promise<void> {
  const names = block.entries.map(({ names: [name = ""] }) => name);
  const { stdout } = await shell.run(script(names), { signal });
  const seen = new Map(
    stdout.split("\n").flatMap((line) => {
      const [at = "", ms = "", ...addresses] = line.split(" ");
      return at === "" ? [] : [[names[Number(at)] ?? "", { addresses, ms: Number(ms) }] as const];
    }),
  );
  const { node } = shell;
  const wrong = block.entries.flatMap(({ address, names: [name = ""] }): readonly Fault[] => {
    const found = seen.get(name)?.addresses ?? [];
    // Of its own name Debian has 127.0.1.1 as well, which is put first, and where its servers listen too.
    if (found[0] === address || (name === node && found.includes(address))) return [];
    const what = `${node} takes ${name} for ${found[0] ?? "nobody"}, and not for ${address}, though /etc/hosts says so`;
    const fix = "see `hosts:` in /etc/nsswitch.conf there: `files` must come first";
    return [{ code: "host-io", node, where: "/etc/hosts", what, fix }];
  });
  if (wrong.length > 0) throw new KctlError(wrong);
  const slow = [...seen].filter(([, { ms }]) => ms > slowMs);
  for (const [name, { ms }] of slow)
    emit({
      type: "warning",
      fault: {
        code: "host-io",
        node,
        what: `${node} takes ${(ms / 1000).toFixed(1)} s to look up ${name}: servers there will start slowly`,
        fix: "see /etc/resolv.conf and /etc/nsswitch.conf there: a name server that does not answer is asked before /etc/hosts",
      },
    });
}

/**
 * By one program where all are known and it takes no time: its lines are in the order of the names, the first of each with a third
 * word. Side by side else: a name server that does not answer costs ten seconds a name.
 */
function script(names: readonly string[]): string {
  return [
    `set -- ${names.map(quoted).join(" ")}`,
    'at_once=$(timeout 1 getent ahostsv4 "$@") && printf \'%s\\n\' "$at_once" | awk -v wanted=$# \'',
    "  NF > 2 { n++ }",
    '  !((n, $1) in seen) { seen[n, $1] = 1; found[n] = found[n] " " $1 }',
    '  END { if (n != wanted) exit 1; for (i = 1; i <= n; i++) print i - 1 " 0" found[i] }\' || {',
    ...names.map(
      (name, at) =>
        `{ before=$(date +%s%N); set -- $(timeout ${patienceSeconds} getent ahostsv4 ${quoted(name)} | awk '!seen[$1]++ { print $1 }'); echo "${at} $(( ($(date +%s%N) - before) / 1000000 ))\${1:+ $*}"; } &`,
    ),
    "wait; }",
  ].join("\n");
}
