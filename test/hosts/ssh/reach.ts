/** A kctl of a test: connects to an sshd as the spec would have it. */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { KctlError, type Fault } from "../../../src/fault.ts";
import { openSsh, type Connection, type Ssh, type SshOptions } from "../../../src/hosts/ssh/connection.ts";
import { resolveTarget, type NodeToReach, type SshProvider } from "../../../src/hosts/ssh/target.ts";
import { usualTiming, type Timing } from "../../../src/hosts/ssh/timing.ts";
import type { Home } from "./sshd.ts";

/** As short as the cases allow, so that nobody waits for them. */
const fast: Timing = {
  ...usualTiming,
  keepaliveMs: 300,
  keepaliveCount: 3,
  knockMs: 50,
  longestKnockMs: 400,
  refusedKnockMs: 200,
  turnedAwayMs: 3000,
};

export const never = new AbortController().signal;

export async function trust(home: Home, lines: string): Promise<void> {
  await appendFile(join(home.path, ".ssh/known_hosts"), lines);
}

export function open(options: Partial<SshOptions> = {}): Ssh & Disposable {
  const ssh = openSsh({ signal: never, ask: null, timing: fast, ...options });
  return { ...ssh, [Symbol.dispose]: () => ssh.close() };
}

type Reach = {
  readonly home: Home;
  readonly port: number;
  readonly provider?: SshProvider;
  readonly env?: Record<string, string>;
} & Pick<NodeToReach, "pinned" | "identityFiles">;

export async function targetOf({ home, port, provider = {}, env = {}, pinned, identityFiles }: Reach) {
  return resolveTarget(
    { node: "n1", address: "127.0.0.1", provider: { user: "root", port, ...provider }, pinned, identityFiles },
    { env, home: home.path, folder: home.path },
  );
}

export async function reach(ssh: Ssh, to: Reach, waitForBootSeconds = 0): Promise<Connection> {
  return ssh.connect(await targetOf(to), { waitForBootSeconds });
}

/** The fault that `work` ends with. */
export async function faultOf(work: Promise<unknown>): Promise<Fault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof KctlError && error.faults[0] !== undefined) return error.faults[0];
    throw error;
  }
  throw new Error("nothing failed");
}
