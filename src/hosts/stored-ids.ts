/** The id that a service was born with, as its data folder tells it. */
import type { ObservedIdentity } from "../plan/observed.ts";
import type { StoredId } from "../services/desired.ts";

/** What cannot be understood is an id of null: it is there, and it is damaged. */
export function parseStoredId(form: StoredId["form"], content: string): ObservedIdentity {
  if (form === "myid") return { id: wholeNumber(content.trim()), clusterId: null, directoryId: null };
  const entries = new Map(
    content
      .split(/\r?\n/)
      .filter((line) => !line.startsWith("#") && line.includes("="))
      .map((line) => {
        const at = line.indexOf("=");
        return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      }),
  );
  // A broker of a ZooKeeper cluster writes version 0 and broker.id, one of a KRaft cluster version 1 and node.id.
  const uuid = (key: string): string | null => {
    const text = entries.get(key) ?? "";
    return /^[\w-]+$/.test(text) ? text : null;
  };
  return {
    id: wholeNumber(entries.get("node.id") ?? entries.get("broker.id") ?? ""),
    clusterId: uuid("cluster.id"),
    directoryId: uuid("directory.id"),
  };
}

function wholeNumber(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}
