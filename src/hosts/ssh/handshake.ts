/** From an open socket to a user who is let in: the host's key is judged first, and nothing is sent to one that is not known. */
import type { Duplex } from "node:stream";
import type { AgentAuthMethod, Client, ServerHostKeyAlgorithm } from "ssh2";
import type { KctlError } from "../../fault.ts";
import type { Admission } from "./admission.ts";
import { noPinnedKeyFault } from "./pinned-host-key.ts";
import { unreachable } from "./ssh-faults.ts";
import type { SshTarget } from "./target.ts";
import type { Timing } from "./timing.ts";

export type HandshakeMeans = {
  readonly timing: Timing;
  readonly signal: AbortSignal;
  readonly admission: Admission;
  /** Null where the key is the host's. */
  readonly judge: (key: Buffer) => KctlError | null;
  readonly hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[];
};

export async function handshake(
  client: Client,
  socket: Duplex,
  target: SshTarget,
  means: HandshakeMeans,
): Promise<void> {
  const { admission, signal } = means;
  const heard: Buffer[] = [];
  const said: string[] = [];
  let keyFault: KctlError | null = null;
  let quietSince = performance.now();
  const listen = (chunk: Buffer): void => {
    quietSince = performance.now();
    if (heard.length < 4) heard.push(chunk);
  };
  socket.on("data", listen);
  const text = (): string => Buffer.concat(heard).toString("latin1");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (message: string): void => {
    if (keyFault !== null) reject(keyFault);
    else if (admission.begun()) reject(admission.fault([...said, message].join("\n").trim()));
    else reject(handshakeTrouble(target, text(), message));
  };
  const giveUp = (): void => reject(signal.reason as Error);
  const timer = setInterval(() => {
    if (admission.typing()) quietSince = performance.now();
    else if (performance.now() - quietSince > target.connectSeconds * 1000) fail("");
  }, 100);
  signal.addEventListener("abort", giveUp, { once: true });
  client
    .on("ready", () => resolve())
    .on("banner", (message) => said.push(message.trim()))
    .on("error", (error) => {
      if (error.level !== "agent") fail(error.message);
    })
    .on("close", () => fail("the host closed the connection"));
  client.connect({
    sock: socket,
    username: target.user,
    readyTimeout: 0,
    keepaliveInterval: means.timing.keepaliveMs,
    keepaliveCountMax: means.timing.keepaliveCount,
    algorithms: { serverHostKey: [...means.hostKeyAlgorithms] },
    hostVerifier: (key: Buffer) => {
      keyFault = means.judge(key);
      return keyFault === null;
    },
    authHandler: (left, _partial, next) => {
      // ssh2 takes false for "no more".
      next((admission.next(left) ?? false) as AgentAuthMethod);
    },
  });
  try {
    await promise;
    client.removeAllListeners("error").removeAllListeners("close");
  } catch (error) {
    client.on("error", () => null);
    socket.destroy();
    throw error;
  } finally {
    clearInterval(timer);
    socket.off("data", listen);
    signal.removeEventListener("abort", giveUp);
  }
}

/** @param heard what came before any key was agreed on */
function handshakeTrouble(target: SshTarget, heard: string, message: string): KctlError {
  const line = heard.split(/[\r\n]/, 1)[0] ?? "";
  if (heard === "" && message === "") {
    const why = `the port is open, but no SSH banner came within ${target.connectSeconds} s`;
    return unreachable(target, "no-banner", why);
  }
  if (heard === "") return unreachable(target, "turned-away", "the connection was closed before SSH began");
  if (!line.startsWith("SSH-")) {
    const turnedAway = /MaxStartups|Not allowed at this time/i.test(line);
    return unreachable(target, turnedAway ? "turned-away" : "no-banner", `it answers "${line.slice(0, 80)}"`);
  }
  if (target.pinned !== null && /host key format/i.test(message)) return noPinnedKeyFault(target, target.pinned);
  return unreachable(target, "other", `the key exchange failed: ${message === "" ? "no answer" : message}`);
}
