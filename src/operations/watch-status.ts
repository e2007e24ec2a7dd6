/** A cluster's status, looked at again and again: with rates over the last looks, and what has changed since the one before. */
import { KctlError } from "../fault.ts";
import { lookAtTraffic } from "../kafka/traffic/look.ts";
import { ratesOver, withTraffic, type Rates, type TrafficLook } from "../kafka/traffic/rates.ts";
import { openProvider } from "../providers/open-provider.ts";
import type { Provider } from "../providers/provider.ts";
import type { RatesShown, StatusRound, StatusShown } from "../report/status-shown.ts";
import type { Spec } from "../spec/schema.ts";
import { fullest } from "./cluster-health.ts";
import type { Context } from "./context.ts";
import { openSpec } from "./open-cluster.ts";
import { lookAtStatus, type StatusLook } from "./status.ts";
import { eventsBetween, known, nothingKnown } from "./status-events.ts";

/** @returns a function that looks once more, and tells it with what it has seen before */
export async function watchedStatus(context: Context): Promise<() => Promise<StatusRound>> {
  return roundsOf(await looker(context), context);
}

/** Once it has seen the cluster, a look that fails is told as such, and the next one may do better. */
export function roundsOf(
  look: () => Promise<StatusLook>,
  { signal }: Pick<Context, "signal">,
): () => Promise<StatusRound> {
  let before = nothingKnown;
  let window: readonly TrafficLook[] = [];
  let last: StatusShown | null = null;
  return async () => {
    const seen = await look().catch((error: unknown) => {
      signal.throwIfAborted();
      if (last === null || !(error instanceof KctlError) || error.exit !== 1) throw error;
      return { failed: failedLook(last, error) };
    });
    if ("failed" in seen) {
      window = withTraffic(window, await lookAtTraffic(null, [], signal));
      return seen.failed;
    }
    const { shown, views, brokers } = seen;
    last = shown;
    const at = new Date();
    const now = known(shown, views, before);
    const events = eventsBetween(before, now, at);
    before = now;
    const topics = fullest(views)?.topics ?? null;
    window = withTraffic(window, await lookAtTraffic(topics, brokers, signal));
    return { ...shown, rates: ratesShown(ratesOver(window), shown), events };
  };
}

/** @param last what was seen last: no more is known */
function failedLook(last: StatusShown, { faults }: KctlError): StatusRound {
  const complaints = faults.map(({ what, node = null, fix }) => ({
    what: `this look failed: ${what}`,
    node,
    fix: fix ?? "`kctl doctor` looks for what is in the way",
  }));
  return { ...last, healthy: false, complaints, rates: null, events: [] };
}

async function looker(context: Context): Promise<() => Promise<StatusLook>> {
  const { spec, folder } = await openSpec(context);
  if (spec.provider.type !== "external") return managedLooker(spec, folder, context);
  const { lookAtExternal, openExternalStatus } = await import("./external-status.ts");
  const open = await openExternalStatus(spec.name, spec.provider, folder, context);
  return () => lookAtExternal(open, context);
}

/** How long what EC2 says of the machines is believed. */
const fleetMs = 30_000;

type Opened = { readonly provider: Provider; readonly at: number; readonly close: () => void };

/**
 * Connections are kept from look to look. A provider remembers what it could not reach, and what EC2 said: then the next look opens it anew.
 */
function managedLooker(spec: Spec, folder: string, context: Context): () => Promise<StatusLook> {
  let opened: Opened | null = null;
  let stale = false;
  context.atEnd(() => opened?.close());
  return async () => {
    if (opened !== null && (stale || isOld(opened))) {
      opened.close();
      opened = null;
    }
    opened ??= await openFor(spec, folder, context);
    stale = true;
    const seen = await lookAtStatus({ spec, provider: opened.provider }, context);
    stale = !seen.whole;
    return seen;
  };
}

function isOld({ provider, at }: Opened): boolean {
  return provider.fleet !== null && performance.now() - at > fleetMs;
}

async function openFor(spec: Spec, folder: string, context: Context): Promise<Opened> {
  const endings: (() => void)[] = [];
  const atEnd = (what: () => void): void => void endings.push(what);
  const close = (): void => {
    for (const end of endings.splice(0)) end();
  };
  try {
    return { provider: await openProvider(spec, folder, { ...context, atEnd }), at: performance.now(), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** How many topics are told of. */
const busiest = 10;

function ratesShown(rates: Rates | null, { nodes, brokers }: StatusShown): RatesShown | null {
  if (rates === null) return null;
  const nodeOf = (id: number): string =>
    nodes.find(({ ids }) => ids["broker"] === id)?.name ??
    brokers.find((broker) => broker.id === id)?.node ??
    "unknown";
  const { seconds, topics, missing } = rates;
  return {
    seconds: tenths(seconds),
    ...rounded(rates),
    topics: topics.slice(0, busiest).map(({ topic, ...rate }) => ({ topic, ...rounded(rate) })),
    brokers: rates.brokers.map(({ id, ...rate }) => ({ id, node: nodeOf(id), ...rounded(rate) })),
    missing,
  };
}

function rounded({ records, bytes }: Pick<Rates, "records" | "bytes">): Pick<Rates, "records" | "bytes"> {
  return { records: tenths(records), bytes: bytes === null ? null : Math.round(bytes) };
}

const tenths = (number: number): number => Math.round(number * 10) / 10;
