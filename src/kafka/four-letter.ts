/** Asks a ZooKeeper server what it is, by the four-letter word `srvr`. */
import { dial } from "./dial.ts";
import { KctlError } from "../fault.ts";
import { addressText } from "./address.ts";

/**
 * `refused`: nobody accepts connections there. `not-serving`: somebody does, but it does not serve as ZooKeeper (yet):
 * a server without a quorum, one that accepts and never answers, another program.
 */
export type ZookeeperMode = "leader" | "follower" | "observer" | "standalone" | "not-serving" | "refused";

const modes: ReadonlySet<string> = new Set<ZookeeperMode>(["leader", "follower", "observer", "standalone"]);

/** ZooKeeper's own answer is below 300 bytes; whatever sends more is something else. */
const mostModeBytes = 16 * 1024;
/** A dump has a line for each session and each of its nodes. */
const mostDumpBytes = 4 * 1024 * 1024;

export async function zookeeperMode(
  address: string,
  port: number,
  signal: AbortSignal,
  timeoutMs = 2000,
): Promise<ZookeeperMode> {
  const answer = await fourLetterWord("srvr", address, port, signal, timeoutMs, mostModeBytes);
  if (answer === null) return "refused";
  if (answer.includes("is not executed because it is not in the whitelist")) {
    throw new KctlError({
      code: "service-not-ready",
      what: `the ZooKeeper at ${addressText({ host: address, port })} does not allow the four-letter word srvr`,
      where: addressText({ host: address, port }),
      fix: "let zookeeper.config's 4lw.commands.whitelist have srvr in it: kctl asks by it whether a server serves",
    });
  }
  return modeIn(answer);
}

export function modeIn(answer: string): ZookeeperMode {
  const mode = /^Mode: (\S+)$/m.exec(answer)?.[1] ?? "";
  return modes.has(mode) ? (mode as ZookeeperMode) : "not-serving";
}

/**
 * The ephemeral nodes that a server knows, by `dump`; null where it does not serve. A broker's registration is one, and
 * outlives a killed broker until its session has timed out.
 */
export async function ephemeralNodes(
  address: string,
  port: number,
  signal: AbortSignal,
  timeoutMs = 2000,
): Promise<ReadonlySet<string> | null> {
  const answer = await fourLetterWord("dump", address, port, signal, timeoutMs, mostDumpBytes);
  return answer === null || !answer.includes("Sessions with Ephemerals") ? null : ephemeralsIn(answer);
}

export function ephemeralsIn(dump: string): ReadonlySet<string> {
  return new Set([...dump.matchAll(/^\t(\/\S+)$/gm)].map((match) => match[1] ?? ""));
}

/** What the server says until it closes; null where no connection came about; empty where it says nothing in time. */
function fourLetterWord(
  word: string,
  host: string,
  port: number,
  signal: AbortSignal,
  timeoutMs: number,
  mostBytes: number,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = dial({ host, port });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let connected = false;
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(connected ? Buffer.concat(chunks).toString("latin1") : null);
    };
    const onAbort = finish;
    const timer = setTimeout(finish, timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("connect", () => {
      connected = true;
      socket.write(word);
    });
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > mostBytes) finish();
    });
    socket.on("error", (error) => {
      // Somebody accepted and cut the connection, perhaps before this side noticed that it was up.
      connected ||= "code" in error && error.code === "ECONNRESET";
      finish();
    });
    socket.on("close", finish);
  });
}
