/** Runs a command on all nodes, or on those with a role, at the same time; what it prints comes with the node's name. */
import pLimit from "p-limit";
import type { Role } from "../cluster/cluster.ts";
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError, faultsOf, type Fault } from "../fault.ts";
import { quoted } from "../hosts/ssh/quote.ts";
import type { Context } from "./context.ts";
import { lineReader } from "./line-reader.ts";
import { openCluster } from "./open-cluster.ts";

export type ExecOptions = {
  readonly command: readonly string[];
  readonly role: Role | null;
  /** Called with each line of standard output as it comes, and of standard error at the end. */
  readonly onLine: (node: string, stream: "stdout" | "stderr", line: string) => void;
};

/** `code`: null where a signal ended it, or the node could not be reached. */
export type ExecResult = {
  readonly nodes: readonly { readonly node: string; readonly code: number | null }[];
  readonly faults: readonly Fault[];
};

export async function exec(context: Context, { command, role, onLine }: ExecOptions): Promise<ExecResult> {
  const { spec, provider } = await openCluster(context);
  const all = resolveCluster(spec, provider.platform, noKnownIds).nodes;
  const nodes = all.filter(({ roles }) => role === null || roles.includes(role));
  if (nodes.length === 0)
    throw new KctlError({
      code: "usage",
      what: `no node of ${spec.name} has the role ${role}`,
      fix: `its roles are ${[...new Set(all.flatMap(({ roles }) => roles))].join(", ")}`,
    });
  // A word each, as it was given; one word alone is a line for the shell.
  const script = command.length === 1 ? (command[0] ?? "") : command.map(quoted).join(" ");
  const limit = pLimit(context.concurrency);
  const done = await Promise.all(
    nodes.map(({ name }) =>
      limit(async () => {
        const out = lineReader((line) => onLine(name, "stdout", line));
        try {
          const { code, stderr } = await provider
            .shell(name)
            .run(script, { signal: context.signal, onStdout: out.take });
          out.end();
          for (const line of stderr.split("\n")) if (line !== "") onLine(name, "stderr", line);
          return { node: name, code, faults: code === 0 ? [] : [failed(name, code)] };
        } catch (error) {
          context.signal.throwIfAborted();
          return { node: name, code: null, faults: faultsOf(error) };
        }
      }),
    ),
  );
  return {
    nodes: done.map(({ node, code }) => ({ node, code })),
    faults: done.flatMap(({ faults }) => faults),
  };
}

function failed(node: string, code: number | null): Fault {
  const how = code === null ? "was ended by a signal" : `ended with exit code ${code}`;
  return { code: "command-failed", node, what: `the command ${how} on ${node}`, fix: "see what it printed there" };
}
