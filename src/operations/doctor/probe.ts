/** What a client on this machine meets at one address, step by step: its name, the connection, Kafka. Never through a tunnel. */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { isIP } from "node:net";
import type { Address } from "../../kafka/address.ts";
import { whoAnswers } from "../../kafka/broker-answers.ts";
import { dialStraight } from "../../kafka/dial.ts";
import { socketTrouble } from "../../kafka/socket-trouble.ts";
import { askApiVersions } from "../../kafka/wire/api-versions.ts";
import { compose } from "../../kafka/wire/compose.ts";
import { unreachableWhy, withBroker } from "../../kafka/wire/exchange.ts";
import { metadata } from "../../kafka/wire/metadata.ts";
import { speakerOf, type Speaker } from "./speaker.ts";

export type ToldAddress = Address & { readonly id: number };

/** A step that was not come to is null. */
export type Probed = {
  readonly name: { readonly addresses: readonly string[]; readonly why: string | null; readonly ms: number };
  readonly connection: { readonly from: string | null; readonly trouble: Trouble | null; readonly ms: number } | null;
  readonly kafka: { readonly why: string | null; readonly speaker: Speaker; readonly ms: number } | null;
  /** What it tells clients; `self` is whoever answers here, where that is not the one that it tells to be here. */
  readonly told: {
    readonly brokers: readonly ToldAddress[];
    readonly self: "itself" | { readonly other: number | null };
  } | null;
};

export type Trouble = {
  readonly kind: "refused" | "silent" | "no-route" | "forbidden" | "other";
  readonly why: string;
};

export type Patience = { readonly signal: AbortSignal; readonly timeoutMs: number };

export async function probe(address: Address, patience: Patience): Promise<Probed> {
  const name = await resolve(address.host, patience);
  if (name.why !== null) return { name, connection: null, kafka: null, told: null };
  const connection = await connectTo(address, patience);
  if (connection.trouble !== null) return { name, connection, kafka: null, told: null };
  const started = performance.now();
  try {
    const told = await toldAt(address, patience);
    return { name, connection, kafka: { why: null, speaker: "kafka", ms: since(started) }, told };
  } catch (error) {
    patience.signal.throwIfAborted();
    const ms = since(started);
    return {
      name,
      connection,
      kafka: { why: unreachableWhy(error), speaker: await whoSpeaks(address, patience), ms },
      told: null,
    };
  }
}

async function resolve(host: string, { signal, timeoutMs }: Patience): Promise<Probed["name"]> {
  if (isIP(host) !== 0) return { addresses: [host], why: null, ms: 0 };
  const started = performance.now();
  const late = AbortSignal.timeout(timeoutMs);
  const tooLate = once(AbortSignal.any([signal, late]), "abort").then(() => null);
  try {
    // A lookup cannot be called off; it is not waited for.
    const found = await Promise.race([lookup(host, { all: true }), tooLate]);
    signal.throwIfAborted();
    if (found === null)
      return { addresses: [], why: `no answer about its name in ${timeoutMs / 1000} s`, ms: since(started) };
    return { addresses: found.map(({ address }) => address), why: null, ms: since(started) };
  } catch (error) {
    signal.throwIfAborted();
    return { addresses: [], why: socketTrouble(error), ms: since(started) };
  }
}

const kinds: Readonly<Record<string, Trouble["kind"]>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "silent",
  EHOSTUNREACH: "no-route",
  ENETUNREACH: "no-route",
  EADDRNOTAVAIL: "no-route",
  EACCES: "forbidden",
  EPERM: "forbidden",
};

async function connectTo(
  address: Address,
  { signal, timeoutMs }: Patience,
): Promise<NonNullable<Probed["connection"]>> {
  const started = performance.now();
  const late = AbortSignal.timeout(timeoutMs);
  const socket = dialStraight(address);
  try {
    await once(socket, "connect", { signal: AbortSignal.any([signal, late]) });
    return { from: socket.localAddress ?? null, trouble: null, ms: since(started) };
  } catch (error) {
    signal.throwIfAborted();
    const ms = since(started);
    if (late.aborted) return { from: null, trouble: { kind: "silent", why: `no answer in ${timeoutMs / 1000} s` }, ms };
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return { from: null, trouble: { kind: kinds[code] ?? "other", why: socketTrouble(error) }, ms };
  } finally {
    socket.destroy();
  }
}

async function toldAt(address: Address, { signal, timeoutMs }: Patience): Promise<NonNullable<Probed["told"]>> {
  return withBroker(
    address,
    signal,
    timeoutMs,
    async (ask) => {
      await askApiVersions(ask);
      const { brokers } = await ask(metadata([]));
      const here = brokers.find(({ host, port }) => host === address.host && port === address.port);
      const self = here === undefined ? "itself" : await whoAnswers(ask, here.id);
      return { brokers, self };
    },
    dialStraight,
  );
}

/** The correlation id of the one request that is sent to whoever is there. */
const asked = 7;

/** An ApiVersions request of version 0, which every Kafka answers. */
function question(): Buffer {
  const body = compose().int16(18).int16(0).int32(asked).string("kctl").done();
  return Buffer.concat([compose().int32(body.length).done(), body]);
}

const wordMs = 1500;

async function whoSpeaks(address: Address, { signal, timeoutMs }: Patience): Promise<Speaker> {
  const socket = dialStraight(address);
  const late = AbortSignal.timeout(Math.min(wordMs, timeoutMs));
  const done = Promise.withResolvers<"ended" | "late">();
  let said: Buffer = Buffer.alloc(0);
  AbortSignal.any([signal, late]).addEventListener("abort", () => done.resolve("late"), { once: true });
  socket.on("connect", () => void socket.write(question()));
  socket.on("data", (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]);
    if (said.length >= enough) done.resolve("ended");
  });
  socket.on("error", () => done.resolve("ended"));
  socket.on("close", () => done.resolve("ended"));
  try {
    const how = await done.promise;
    signal.throwIfAborted();
    return speakerOf(said, asked, how === "ended");
  } finally {
    socket.destroy();
  }
}

/** Bytes by which a speaker is known. */
const enough = 9;

function since(started: number): number {
  return Math.round(performance.now() - started);
}
