/** What the processes of all members have alike, whatever program they run. */
import { createHash } from "node:crypto";
import type { Member } from "../cluster/cluster.ts";
import { isKnown, knownAfterUp } from "../cluster/known-after-up.ts";
import type { DesiredProcess } from "./desired.ts";

type Alike = Pick<DesiredProcess, "key" | "node" | "role" | "env" | "folder" | "console" | "pidFile" | "ports">;

export function memberProcess({ key, node, role, folders, ports }: Member): Alike {
  return {
    key,
    node,
    role,
    env: {},
    folder: folders.run,
    console: `${folders.log}/console.log`,
    pidFile: `${folders.run}/pid`,
    ports,
  };
}

/** Digest of all that a process reads when it starts. While something of it is not known, nor is the digest. */
export function inputsOf(parts: readonly string[]): string {
  if (!parts.every(isKnown)) return knownAfterUp;
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24);
}

/** How a process carries it in its own command line: a JVM takes it for a property, others are told to pass it over. */
export function inputsArgument(inputs: string): string {
  return `-Dkctl.inputs=${inputs}`;
}
