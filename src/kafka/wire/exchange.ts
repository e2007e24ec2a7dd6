/**
 * One TCP connection to one broker: requests of our own, each with its answer. It needs no client library, whose import alone
 * takes longer than all that is asked here. The headers are RequestHeader.json version 1 and ResponseHeader.json version 0 of
 * Kafka's clients/src/main/resources/common/message/; a flexible message has versions 2 and 1, which end with tagged fields.
 */
import { dial } from "../dial.ts";
import { KctlError } from "../../fault.ts";
import { addressText, type Address } from "../address.ts";
import { socketTrouble } from "../socket-trouble.ts";
import { tlsTrouble } from "../tls-trouble.ts";
import { byStatus, openWaysFrom, wayInto } from "../ways-in.ts";
import { compose } from "./compose.ts";
import { cursor, malformed, type Cursor } from "./cursor.ts";
import { frameReader } from "./frames.ts";

export type Message<Answer> = {
  readonly apiKey: number;
  readonly version: number;
  readonly body: Buffer;
  /** ApiVersions is flexible in its request's header only, since its answer must be read before versions are agreed on. */
  readonly flexible?: "request" | "both";
  /** Kafka answers nothing to it (records with acks=0): once it is written, an answer of no bytes is read. */
  readonly unanswered?: true;
  readonly read: (answer: Cursor) => Answer;
  /** Brokers that the answer names. It is given what `read` returned: `never` keeps messages of different answers in one list. */
  readonly names?: (answer: never) => readonly Address[];
};

export type Ask = <Answer>(message: Message<Answer>) => Promise<Answer>;

type Pending = { readonly take: (answer: Cursor) => void; readonly reject: (why: Error) => void };

/**
 * Opens a connection for as long as `use` runs. Whatever fails is a fault `kafka-unreachable` whose reason `unreachableWhy`
 * tells. `timeoutMs` is for all of it together, so a peer that drips bytes cannot hold anybody up.
 */
export async function withBroker<Result>(
  address: Address,
  signal: AbortSignal,
  timeoutMs: number,
  use: (ask: Ask) => Promise<Result>,
  open: typeof dial = dial,
): Promise<Result> {
  signal.throwIfAborted();
  const socket = open(address);
  const pending = new Map<number, Pending>();
  let connected = false;
  let ended: { readonly why: Error } | null = null;
  let correlation = 0;

  const end = (why: Error): void => {
    if (ended !== null) return;
    ended = { why };
    socket.destroy();
    for (const { reject } of pending.values()) reject(why);
    pending.clear();
  };
  const fail = (why: string): void => end(unreachable(address, why));
  const onFrame = (frame: Buffer): void => {
    const answer = cursor(frame);
    const id = answer.int32();
    const waiting = pending.get(id);
    if (waiting === undefined) throw malformed(`an answer to a request that was not sent (${id})`);
    waiting.take(answer);
    pending.delete(id); // only now: an answer that cannot be read must still fail its request
  };
  const ask: Ask = (message) =>
    new Promise((resolve, reject) => {
      if (ended !== null) return reject(ended.why);
      correlation += 1;
      const id = correlation;
      const { unanswered } = message;
      pending.set(id, { take: (answer) => resolve(readAnswer(message, answer, address)), reject });
      const written = (error?: Error | null): void => {
        if (!error && pending.delete(id)) resolve(message.read(cursor(Buffer.alloc(0))));
      };
      socket.write(requestFrame(message, id), unanswered === undefined ? undefined : written);
    });

  const timer = setTimeout(() => fail(silence(connected, timeoutMs)), timeoutMs);
  const onAbort = (): void => end(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  const onChunk = frameReader(onFrame);
  socket.on("connect", () => void (connected = true));
  socket.on("data", (chunk: Buffer) => {
    try {
      onChunk(chunk);
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  });
  socket.on("error", (error) => end(troubleAt(address, error)));
  socket.on("close", () => fail("it closed the connection without an answer"));
  try {
    await wayInto(address)?.login?.(ask, address);
    return await use(ask);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    fail("the connection was closed");
  }
}

/** Why a broker could not be asked: a phrase such as "connection refused". */
export function unreachableWhy(error: unknown): string {
  if (error instanceof KctlError && error.cause instanceof Error) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}

/** The same of a broker that others sent us to: where it was looked for is what its listeners tell clients. */
export function silentBroker(id: number, error: unknown): string {
  const where = error instanceof KctlError ? error.faults[0]?.where : undefined;
  return `broker ${id} does not answer${where === undefined ? "" : ` at ${where}, where clients are sent`}: ${unreachableWhy(error)}`;
}

function unreachable(address: Address, why: string): KctlError {
  return new KctlError(
    {
      code: "kafka-unreachable",
      what: `${addressText(address)} does not answer as a Kafka broker: ${why}`,
      where: addressText(address),
      fix: `see ${byStatus(address)}whether the broker runs, and that this machine can reach its address`,
    },
    { cause: new Error(why) },
  );
}

function troubleAt(address: Address, error: Error): KctlError {
  if (error instanceof KctlError) return noWayTo(address, error);
  const trouble = wayInto(address) === null ? null : tlsTrouble(error);
  if (trouble === null) return unreachable(address, socketTrouble(error));
  const { why, fix } = trouble;
  const where = addressText(address);
  return new KctlError(
    { code: "kafka-untrusted", what: `no TLS connection to ${where}: ${why}`, where, fix },
    { cause: new Error(why) },
  );
}

/** The tunnel to its machine is to blame, which says itself what to do. */
function noWayTo(address: Address, error: KctlError): KctlError {
  const where = addressText(address);
  const [first] = error.faults;
  const fault = {
    ...first,
    code: "kafka-unreachable",
    what: `${where} cannot be asked: ${error.message}`,
    where,
  } as const;
  return new KctlError(fault, { cause: error });
}

function silence(connected: boolean, timeoutMs: number): string {
  const seconds = `${timeoutMs / 1000} s`;
  return connected ? `it accepts connections and gave no answer within ${seconds}` : `no connection within ${seconds}`;
}

function readAnswer<Answer>(message: Message<Answer>, answer: Cursor, from: Address): Answer {
  if (message.flexible === "both") answer.tags();
  const told = message.read(answer);
  if (message.names !== undefined) openWaysFrom(from, message.names(told as never));
  return told;
}

function requestFrame(message: Message<unknown>, correlation: number): Buffer {
  const start = compose().int16(message.apiKey).int16(message.version).int32(correlation).string("kctl");
  const head = (message.flexible === undefined ? start : start.noTags()).done();
  const size = compose()
    .int32(head.length + message.body.length)
    .done();
  return Buffer.concat([size, head, message.body]);
}
