/** Names of nodes that a machine resolves to something else than it should, or slowly. */
import type { ObservedMachine } from "../plan/observed.ts";
import { blockLines, conflicts } from "../render/hosts-block.ts";
import type { HostsBlock } from "../services/desired.ts";
import type { Finding } from "./finding.ts";

const mostSeconds = 1;

export function nameFindings(node: string, block: HostsBlock, seen: ObservedMachine): readonly Finding[] {
  const { hostsFile, resolves, resolveSeconds } = seen;
  const isThere = (hostsFile ?? "").includes(blockLines(block).join("\n"));
  const wrong = block.entries.flatMap(({ address, names: [name = ""] }): readonly Finding[] => {
    const got = resolves[name] ?? null;
    // Its own name may stand for 127.0.1.1 too, as Debian has it: its servers listen there as well.
    if (got === null || got === address || (name === node && got.startsWith("127."))) return [];
    return [isThere ? resolvesPast(node, name, got, address) : resolvesNow(node, name, got, address)];
  });
  const lines = conflicts(hostsFile ?? "", block).map(({ name, address, wanted }): Finding => ({
    id: "hosts-line",
    node,
    level: "warning",
    what: `a line of /etc/hosts that is not kctl's gives ${name} another address, which some programs take`,
    measured: address,
    wanted,
    fix: "take that line out, or correct it: kctl touches only its own block",
  }));
  return [...wrong, ...lines, ...(resolveSeconds > mostSeconds ? [slow(node, resolveSeconds)] : [])];
}

/** The block is there, and something is asked before it. */
function resolvesPast(node: string, name: string, measured: string, wanted: string): Finding {
  return {
    id: "name",
    node,
    level: "error",
    what: `it resolves ${name} to another address than /etc/hosts says`,
    measured,
    wanted,
    fix: "have `files` come first in the line `hosts:` of /etc/nsswitch.conf",
  };
}

function resolvesNow(node: string, name: string, measured: string, wanted: string): Finding {
  return {
    id: "name",
    node,
    level: "warning",
    what: `it resolves ${name} to another address; kctl's block in /etc/hosts will come before that`,
    measured,
    wanted,
    fix: "see whether the address in the spec is the right one",
  };
}

function slow(node: string, seconds: number): Finding {
  return {
    id: "resolver",
    node,
    level: "warning",
    what: "its resolver is slow, or not there: each lookup of a name that is not in /etc/hosts takes as long",
    measured: `${seconds.toFixed(1)} s`,
    wanted: `less than ${mostSeconds} s`,
    fix: "see /etc/resolv.conf there: a nameserver that does not answer should go",
  };
}
