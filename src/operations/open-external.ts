/** The way in of a cluster that kctl does not manage is tried before anything else, so that every command says alike why it is shut. */
import { KctlError } from "../fault.ts";
import { addressText, type Address } from "../kafka/address.ts";
import { openWay } from "../kafka/ways-in.ts";
import { unreachableWhy, withBroker } from "../kafka/wire/exchange.ts";
import { metadata } from "../kafka/wire/metadata.ts";
import type { Context } from "./context.ts";
import type { OpenKafka } from "./open-kafka.ts";
import { wayIntoCluster, type External } from "./way-into.ts";

/** The longest that a broker may take to let anybody in. */
const patienceMs = 10_000;

/** @returns every broker, as the first that answers names them */
export async function openExternal(
  name: string,
  provider: External,
  folder: string,
  { env, home, signal, timeoutSeconds }: Context,
): Promise<OpenKafka["brokers"]> {
  const way = await wayIntoCluster(provider, { env, home, folder });
  const { bootstrap } = provider;
  for (const address of bootstrap) openWay(address, way);
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  const timeoutMs = Math.min(timeoutSeconds * 1000, patienceMs);
  const asked = bootstrap.map(async (at) => {
    const { brokers } = await withBroker(at, either, timeoutMs, (ask) => ask(metadata([])));
    if (brokers.length === 0) throw new Error("it knows no broker yet");
    return brokers.map(({ id, host, port }) => ({ id, address: { host, port } }));
  });
  try {
    return await Promise.any(asked);
  } catch (error) {
    signal.throwIfAborted();
    throw shut(name, bootstrap, error instanceof AggregateError ? error.errors : [error]);
  } finally {
    enough.abort();
  }
}

/** @param errors one of each address */
function shut(name: string, bootstrap: readonly Address[], errors: readonly unknown[]): KctlError {
  const told = errors.find(
    (error) => error instanceof KctlError && error.faults.some(({ code }) => code !== "kafka-unreachable"),
  );
  if (told instanceof KctlError) return told;
  const whys = bootstrap.map((at, index) => `${addressText(at)} (${unreachableWhy(errors[index])})`);
  return new KctlError({
    code: "kafka-unreachable",
    what: `no broker of ${name} answers: ${whys.join(", ")}`,
    fix: "see that this machine can reach them; a listener that wants TLS or a login hangs up without `provider.tls` or `provider.sasl`",
  });
}
