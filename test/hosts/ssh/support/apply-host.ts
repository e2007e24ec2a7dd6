/** A host over a stage, and the fault of a promise. */
import { KctlError, type Fault } from "../../../../src/fault.ts";
import { sshHost, type SshHost } from "../../../../src/hosts/ssh/ssh-host.ts";
import { stage, type Stage, type StageOptions } from "./apply-shell.ts";

export function stagedHost(options: StageOptions & { readonly fence?: () => string } = {}): Stage & { host: SshHost } {
  const on = stage(options);
  const host = sshHost({
    shell: on.shell,
    cluster: "demo",
    user: "kctl",
    fence: options.fence ?? (() => ":"),
    signal: new AbortController().signal,
    look: () => Promise.reject(new Error("no look here")),
  });
  return { ...on, host };
}

export async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof KctlError) || error.faults[0] === undefined) throw new Error(`no fault, but ${String(error)}`);
  return error.faults[0];
}
