/** The one place that makes clients of the Kafka library: imported only when first used, never retrying for ever, always closed. */
import type { Admin, BaseOptions, Broker, ConnectionPool, Producer } from "@platformatic/kafka";
import { nearEnds, type NearEnds } from "./near-ends.ts";
import { unmapped, type Address, type AddressMap } from "./address.ts";

export type ClientOptions = {
  /** As the brokers tell them: `map` is applied to these too. */
  readonly bootstrap: readonly Address[];
  readonly map?: AddressMap;
  /** For one request. */
  readonly timeoutMs: number;
  /** How often a request that failed for a passing reason is sent again, a fifth of a second later each time. */
  readonly retries: number;
};

type Client = { readonly connections: ConnectionPool; close(): Promise<void> };

export async function withAdmin<Result>(
  options: ClientOptions,
  signal: AbortSignal,
  use: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const { Admin } = await import("@platformatic/kafka");
  return using(new Admin(base(options)), options.map ?? unmapped, signal, use);
}

/** An idempotent producer confirms by all replicas and writes nothing twice, however often it has to retry. */
export async function withProducer<Result>(
  options: ClientOptions & { readonly idempotent: boolean },
  signal: AbortSignal,
  use: (producer: Producer) => Promise<Result>,
): Promise<Result> {
  const { Producer } = await import("@platformatic/kafka");
  const { idempotent } = options;
  // Without retries a stale leader is an error too: a record must not be sent twice behind our back.
  const producer = new Producer({ ...base(options), idempotent, repeatOnStaleMetadata: options.retries > 0 });
  return using(producer, options.map ?? unmapped, signal, use);
}

function base({ bootstrap, timeoutMs, retries }: ClientOptions): BaseOptions {
  return {
    clientId: "kctl",
    bootstrapBrokers: bootstrap.map(({ host, port }) => ({ host, port })),
    timeout: timeoutMs,
    requestTimeout: timeoutMs + 1000,
    connectTimeout: Math.min(timeoutMs, 5000),
    retries,
    retryDelay: 200,
    // On a stale leader the library retries with the metadata it has; it must soon ask for new.
    metadataMaxAge: 500,
  };
}

async function using<C extends Client, Result>(
  client: C,
  map: AddressMap,
  signal: AbortSignal,
  use: (client: C) => Promise<Result>,
): Promise<Result> {
  const ends = nearEnds();
  mapAddresses(client.connections, map, ends);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([use(client), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    await client.close();
    ends.close();
  }
}

/** The library has no hook for addresses: its pool's one way to a connection is wrapped. */
function mapAddresses(pool: ConnectionPool, map: AddressMap, ends: NearEnds): void {
  type Callback = (error: unknown) => void;
  type Get = (broker: Broker | undefined, callback?: Callback) => unknown;
  const get = pool.get.bind(pool) as Get;
  const mapped: Get = (broker, callback) => {
    if (broker === undefined) return get(broker, callback);
    const near = ends.of(map(broker.host, broker.port));
    if (!(near instanceof Promise)) return get({ ...broker, ...near }, callback);
    if (callback === undefined) return near.then((address) => get({ ...broker, ...address }));
    return void near.then((address) => get({ ...broker, ...address }, callback), callback);
  };
  pool.get = mapped as ConnectionPool["get"];
}
