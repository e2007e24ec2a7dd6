/**
 * How the servers of clusters are spoken with that kctl does not manage, which may want TLS and a login: by address. A way in is made of functions: secrets stay inside them, so that no
 * address, fault or log can have one in it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Duplex } from "node:stream";
import { KctlError } from "../fault.ts";
import { addressText, type Address } from "./address.ts";
import type { Ask } from "./wire/exchange.ts";

export type WayIn = {
  /** Opens a connection, which emits `connect` and behaves as a socket does. */
  readonly dial: (address: Address) => Duplex;
  /** Comes before the first request; null: nobody need say who they are. */
  readonly login: ((ask: Ask, address: Address) => Promise<void>) | null;
};

type Known = {
  readonly ways: Map<string, WayIn>;
  /** Who named a server that nobody knew before. */
  readonly senders: Map<string, string>;
};

const nothing = (): Known => ({ ways: new Map(), senders: new Map() });
const ofAll = nothing();
const apart = new AsyncLocalStorage<Known>();

const known = (): Known => apart.getStore() ?? ofAll;

/** What is run in it knows and takes ways of its own: those of one cluster among several (`routesApart`). */
export function waysApart(): <Result>(use: () => Result) => Result {
  const own = nothing();
  return (use) => apart.run(own, use);
}

/** From now on the server is reached in this way only: what one cluster is told must never reach another. */
export function openWay(address: Address, way: WayIn): void {
  const key = addressText(address);
  const { ways } = known();
  const before = ways.get(key);
  if (before !== undefined && before !== way)
    throw new KctlError({
      code: "usage",
      what: `two specs reach ${key} with different \`tls\` or \`sasl\``,
      where: key,
      fix: "name one of them at a time",
    });
  ways.set(key, way);
}

export function wayInto(address: Address): WayIn | null {
  return known().ways.get(addressText(address)) ?? null;
}

/** Brokers that a broker names are of its own cluster, under whatever names it advertises them: the same way leads to them. */
export function openWaysFrom(address: Address, named: readonly Address[]): void {
  const way = wayInto(address);
  if (way === null) return;
  for (const { host, port } of named) {
    if (wayInto({ host, port }) === null) known().senders.set(addressText({ host, port }), addressText(address));
    openWay({ host, port }, way);
  }
}

/** The broker that told of this one; null: the spec does. */
export function sentBy(address: Address): string | null {
  return known().senders.get(addressText(address)) ?? null;
}

/** How to find out what a server does, for "see ... whether": by kctl, where it manages the cluster. */
export function byStatus(address: Address): string {
  return wayInto(address) === null ? "with `kctl status` " : "";
}
