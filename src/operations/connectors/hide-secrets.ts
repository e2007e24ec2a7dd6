/** Keeps secrets out of what workers say: of settings that they do not take, of what failed, of what they refuse. */
import { KctlError } from "../../fault.ts";
import type { ConnectorSeen, Workers } from "../../kafka/connectors.ts";

export type Hide = (text: string) => string;

export function hiderOf(secrets: Iterable<string>): Hide {
  // Connect takes blanks off before it looks at a value; of two that begin alike the longer goes first.
  const all = [...new Set([...secrets].map((secret) => secret.trim()))].filter((secret) => secret !== "");
  if (all.length === 0) return (text) => text;
  const patterns = all
    .toSorted((a, b) => b.length - a.length)
    .map((secret) => secret.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  const any = new RegExp(patterns.join("|"), "g");
  return (text) => text.replaceAll(any, "(hidden)");
}

/** Its settings are as they were given, and have references only. */
export function withoutSecrets(seen: ConnectorSeen, hide: Hide): ConnectorSeen {
  const hidden = (trace: string | null): string | null => (trace === null ? null : hide(trace));
  return {
    ...seen,
    trace: hidden(seen.trace),
    tasks: seen.tasks.map((task) => ({ ...task, trace: hidden(task.trace) })),
  };
}

/** The same workers, and nothing that they say has one of the secrets. */
export function discreet(workers: Workers, hide: Hide): Workers {
  const heard = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof KctlError)) throw error;
      throw new KctlError(
        error.faults.map(({ detail, ...fault }) => ({
          ...fault,
          what: hide(fault.what),
          ...(detail === undefined ? {} : { detail: hide(detail) }),
        })),
      );
    }
  };
  return {
    all: async () => (await heard(workers.all()))?.map((one) => withoutSecrets(one, hide)) ?? null,
    classes: () => heard(workers.classes()),
    validate: async (name, config) =>
      (await heard(workers.validate(name, config))).map((fault) => ({ ...fault, why: hide(fault.why) })),
    put: (name, config) => heard(workers.put(name, config)),
    act: (name, action) => heard(workers.act(name, action)),
  };
}
