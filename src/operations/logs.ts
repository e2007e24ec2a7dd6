/** The logs of a cluster's servers, merged by their times; followed where that is asked for. */
import type { Role } from "../cluster/cluster.ts";
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError } from "../fault.ts";
import { quoted } from "../hosts/ssh/quote.ts";
import type { Shell } from "../hosts/ssh/shell.ts";
import { service } from "../services/registry.ts";
import type { Context } from "./context.ts";
import { lineReader } from "./line-reader.ts";
import { mergeByTime, type LogLine } from "./merge-logs.ts";
import { openCluster } from "./open-cluster.ts";

export type LogsOptions = {
  readonly node: string | null;
  readonly role: Role | null;
  /** How many lines of each log, from its end. */
  readonly lines: number;
  readonly follow: boolean;
  readonly onLine: (line: LogLine) => void;
};

export async function logs(context: Context, options: LogsOptions): Promise<{ readonly lines: number }> {
  const { spec, provider } = await openCluster(context);
  const { members } = resolveCluster(spec, provider.platform, noKnownIds);
  const wanted = members.filter(({ node, role }) => (options.node ?? node) === node && (options.role ?? role) === role);
  if (wanted.length === 0)
    throw new KctlError({
      code: "usage",
      what: `${spec.name} has no such server`,
      fix: `its servers are ${members.map(({ key }) => key).join(", ")}`,
    });
  const sources = wanted.map(({ key, node, role, folders }) => ({
    member: key,
    path: `${folders.log}/${service(role).logName}`,
    shell: provider.shell(node),
  }));
  const last = await Promise.all(sources.map((source) => lastLines(source, options.lines, context.signal)));
  const merged = mergeByTime(last.map(({ lines }) => lines));
  for (const line of merged) options.onLine(line);
  if (options.follow) await followAll(sources, options, context.signal);
  return { lines: merged.length };
}

type Source = { readonly member: string; readonly path: string; readonly shell: Shell };

async function lastLines(
  { member, path, shell }: Source,
  count: number,
  signal: AbortSignal,
): Promise<{ readonly lines: readonly LogLine[] }> {
  const { stdout } = await shell.run(`[ ! -f ${quoted(path)} ] || tail -n ${count} ${quoted(path)}`, { signal });
  const lines = stdout.split("\n").slice(0, -1);
  return { lines: lines.map((text) => ({ member, text })) };
}

/** As they come: what is written at the same instant on two machines has no order that could be told. */
async function followAll(
  sources: readonly Source[],
  { onLine }: Pick<LogsOptions, "onLine">,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    sources.map(async ({ member, path, shell }) => {
      const reader = lineReader((text) => onLine({ member, text }));
      // By name: a log that is rotated away is followed into the new one.
      await shell.run(`exec tail -n 0 -F ${quoted(path)} 2>/dev/null`, { signal, onStdout: reader.take });
      reader.end();
    }),
  );
}
