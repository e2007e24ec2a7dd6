/** The client library's errors, which nest, as faults: what Kafka refused and why, or that nobody answered. */
import type { Fault } from "../fault.ts";

type Leaf = { readonly apiId: string | null; readonly text: string };

/** Kafka's names of the errors that it answered with, such as TOPIC_ALREADY_EXISTS; none where no answer came. */
export function kafkaErrors(error: unknown): readonly string[] {
  return leaves(error).flatMap(({ apiId }) => (apiId === null ? [] : [apiId]));
}

/** `doing` completes "could not ...". */
export function libraryFault(doing: string, error: unknown): Fault {
  const all = leaves(error);
  const refusals = all.filter(({ apiId }) => apiId !== null);
  const texts = new Set((refusals.length > 0 ? refusals : all).map(({ text }) => text));
  const why = [...texts].slice(0, 3).join("; ");
  return refusals.length > 0
    ? { code: "kafka-refused", what: `could not ${doing}: Kafka answered ${why}` }
    : {
        code: "kafka-unreachable",
        what: `could not ${doing}: ${why}`,
        fix: "see with `kctl status` which broker does not answer; its log says why",
      };
}

function leaves(error: unknown): readonly Leaf[] {
  if (!(error instanceof Error)) return [{ apiId: null, text: String(error) }];
  const inner = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [];
  if (inner.length > 0) return inner.flatMap(leaves);
  if ("apiId" in error && typeof error.apiId === "string") {
    const said = "serverErrorMessage" in error ? error.serverErrorMessage : null;
    const text = typeof said === "string" && said !== "" ? said : error.message;
    return [{ apiId: error.apiId, text: `${error.apiId} (${withoutStop(text)})` }];
  }
  return error.cause instanceof Error ? leaves(error.cause) : [{ apiId: null, text: withoutStop(error.message) }];
}

function withoutStop(text: string): string {
  return text.endsWith(".") ? text.slice(0, -1) : text;
}
