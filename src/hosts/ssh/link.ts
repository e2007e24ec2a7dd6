/** One SSH connection: a socket, the host's key judged before anything is sent, the user let in, and word of when it breaks. */
import { setMaxListeners } from "node:events";
import { connect as connectSocket } from "node:net";
import type { Duplex } from "node:stream";
import type { BaseAgent as Agent, Client } from "ssh2";
import type { Emit } from "../../report/events.ts";
import { makeAdmission } from "./admission.ts";
import { gatherWrites } from "./gathered-writes.ts";
import { handshake } from "./handshake.ts";
import { algorithmsFor, hostKeyFault, readKnownHosts } from "./host-key.ts";
import type { Keyring } from "./keyring.ts";
import { loadSsh2 } from "./load-ssh2.ts";
import { lost, nameOf, socketTrouble, unreachable, type LinkError } from "./ssh-faults.ts";
import type { SshTarget } from "./target.ts";
import type { Timing } from "./timing.ts";

export type Link = {
  readonly client: Client;
  /** Aborted, with the fault, once the connection is gone. */
  readonly down: AbortSignal;
  end(): void;
};

export type LinkMeans = {
  readonly keyring: Keyring;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  readonly emit?: Emit;
};

/** @param through the jump host's connection, where there is one */
export async function openLink(target: SshTarget, through: Link | null, means: LinkMeans): Promise<Link> {
  const [{ BaseAgent, Client }, known, { offers, leftOut }] = await Promise.all([
    loadSsh2(),
    readKnownHosts(target),
    means.keyring.offersFor(target),
  ]);
  const socket = through === null ? await dialDirectly(target, means) : await dialThrough(target, through);
  const client = new Client();
  await handshake(client, socket, target, {
    timing: means.timing,
    signal: means.signal,
    admission: makeAdmission(target, offers, leftOut, (methods) =>
      Object.assign(Object.create(BaseAgent.prototype) as Agent, methods),
    ),
    judge: (key) => hostKeyFault(target, known, key),
    hostKeyAlgorithms: algorithmsFor(target, known),
  });
  return watch(client, target);
}

function watch(client: Client, target: SshTarget): Link {
  const down = new AbortController();
  setMaxListeners(0, down.signal);
  let why = "the host closed it";
  client.on("error", ({ message, level }) => {
    why = level === "client-timeout" ? "the host does not answer any more" : message;
  });
  client.on("close", () => down.abort(lost(target, why)));
  const end = (): void => {
    why = "kctl closed it";
    client.end();
    down.abort(lost(target, why));
  };
  return { client, down: down.signal, end };
}

/** Who waits for a machine that is off is told so after this, and again. */
const toldSeconds = 5;

async function dialDirectly(target: SshTarget, { signal, emit }: LinkMeans): Promise<Duplex> {
  const { node, host, port, connectSeconds } = target;
  signal.throwIfAborted();
  let seconds = 0;
  const telling = setInterval(() => {
    seconds += toldSeconds;
    emit?.({ type: "waiting", key: `ssh:${node}`, what: `${nameOf(target)} to answer over SSH`, seconds });
  }, toldSeconds * 1000);
  const socket = gatherWrites(connectSocket({ host, port, noDelay: true }));
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const timer = setTimeout(
    () => reject(unreachable(target, "timed-out", `no answer within ${connectSeconds} s`)),
    connectSeconds * 1000,
  );
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  // What happens to it once it is connected is told to the link.
  socket.on("error", (error) => reject(socketTrouble(target, error)));
  socket.once("connect", () => resolve(socket));
  try {
    return await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    clearInterval(telling);
    signal.removeEventListener("abort", abort);
  }
}

async function dialThrough(target: SshTarget, { client, down }: Link): Promise<Duplex> {
  down.throwIfAborted();
  return new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, target.host, target.port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(refusedByJump(target, error.message.replace("(SSH) Channel open failure: ", "")));
    });
  });
}

function refusedByJump(target: SshTarget, message: string): LinkError {
  const jump = target.jump?.node ?? "the jump host";
  const why = /prohibited/i.test(message)
    ? `the jump host ${jump} does not forward connections (AllowTcpForwarding, PermitOpen)`
    : `the jump host ${jump} could not connect to it: ${message}`;
  return unreachable(target, /refused/i.test(message) ? "refused" : "other", why);
}
